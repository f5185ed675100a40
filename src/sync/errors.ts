// The errors of barriers and queues. One class per reason, so that programs never compare messages.

import { RuntimeError } from "../lang/errors.ts";

/**
 * The barrier was aborted or reset during a wait, or was already broken.
 * Like `asyncio.BrokenBarrierError`.
 */
export class BrokenBarrierError extends RuntimeError {
  override name = "BrokenBarrierError";
}

/** The queue is empty. Like `asyncio.QueueEmpty`. */
export class QueueEmpty extends Error {
  override name = "QueueEmpty";
}

/** The queue is full. Like `asyncio.QueueFull`. */
export class QueueFull extends Error {
  override name = "QueueFull";
}

/**
 * The queue was shut down: it rejects new items, and `get` fails once it is empty. Like
 * `asyncio.QueueShutDown`.
 */
export class QueueShutDown extends Error {
  override name = "QueueShutDown";
}
