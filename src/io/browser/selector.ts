import { describe } from "../../lang/arguments.ts";
import { isPollable, type Pollable } from "../pollable.ts";
import { Selector as PollableSelector } from "../selector.ts";
import { adaptMessages } from "./messageSources.ts";
import { adaptStream } from "./streamSources.ts";

/**
 * Watches the sources of a browser and reports the ready ones. Like Python's
 * `selectors.DefaultSelector`. It accepts:
 *
 * - a `MessagePort`, `BroadcastChannel`, `Worker`, `EventSource` or `WebSocket`. It is readable
 *   when it has a message, which `receiveMessage` takes, or is at its end. A WebSocket is writable
 *   while its send buffer is nearly empty. No event reports that, so the selector polls for it, and
 *   reports it some milliseconds late.
 * - a `ReadableStream`, whose chunks `receiveChunk` takes.
 * - the writer of a `WritableStream`.
 * - a custom `Pollable`.
 *
 * Level-triggered: a source is reported again as long as it is ready.
 */
export class Selector extends PollableSelector {
  override _adapt(source: unknown): Pollable {
    const pollable = isPollable(source) ? source : (adaptMessages(source) ?? adaptStream(source));
    if (pollable !== undefined) return pollable;
    throw new TypeError(
      "Expected `source` to be a MessagePort, a BroadcastChannel, a Worker, an EventSource, a WebSocket, " +
        "a ReadableStream, the writer of a WritableStream, or a Pollable, " +
        `got ${describe(source)}`,
    );
  }
}
