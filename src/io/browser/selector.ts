import { describe } from "../../loop/arguments.ts";
import { isPollable, type Pollable } from "../pollable.ts";
import { Selector as PollableSelector } from "../selector.ts";
import { adaptMessages } from "./messageSources.ts";
import { adaptStream } from "./streamSources.ts";

/**
 * Watches the sources of a browser, and tells which are ready. Like Python's `selectors.DefaultSelector`.
 *
 * Takes a `MessagePort`, `BroadcastChannel`, `Worker`, `EventSource` and `WebSocket`, which are readable when a message
 * has come (`receiveMessage` takes it) or they are at their end; a `ReadableStream` (`receiveChunk`); the writer of a
 * `WritableStream`; and a `Pollable` of your own. A WebSocket is writable while it has little left to send; no event
 * tells that, and it is found out within some milliseconds.
 *
 * Level-triggered: what is not taken is reported again.
 */
export class Selector extends PollableSelector {
  /** @internal */
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
