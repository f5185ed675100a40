// The errors of barriers and queues. A class per reason, recognised by class and never by text.

import { RuntimeError } from "../loop/errors.ts";

/**
 * A barrier was aborted or reset while somebody waited for the others, or is broken already.
 * Like `asyncio.BrokenBarrierError`.
 */
export class BrokenBarrierError extends RuntimeError {
  override name = "BrokenBarrierError";
}

/** There is nothing to be got without waiting. Like `asyncio.QueueEmpty`. */
export class QueueEmpty extends Error {
  override name = "QueueEmpty";
}

/** There is no room to put something without waiting. Like `asyncio.QueueFull`. */
export class QueueFull extends Error {
  override name = "QueueFull";
}

/** The queue was shut down: it takes nothing more, and gives nothing once it is empty. Like `asyncio.QueueShutDown`. */
export class QueueShutDown extends Error {
  override name = "QueueShutDown";
}
