import { isPollable, type Pollable } from "../pollable.ts";
import { Selector as PollableSelector } from "../selector.ts";
import { adapt, notWatchable } from "./adapt.ts";

/**
 * Watches Node's sources, and tells which are ready. Like Python's `selectors.DefaultSelector`.
 *
 * Takes sockets of `node:net` and `node:tls`, every `Readable` and `Writable`, servers (readable: `accept` gives a
 * connection), sockets of `node:dgram` (`receiveFrom`), a `MessagePort` (`receiveMessage`), and a `Pollable` of your own.
 * Nothing is read from what is watched. A stream is readable if it has data, is at its end or broken, and writable if a
 * write need not wait, or it is broken. An error of a source that is watched is no uncaught exception.
 *
 * Level-triggered: what is not taken is reported again.
 */
export class Selector extends PollableSelector {
  /** @internal */
  override _adapt(source: unknown): Pollable {
    const pollable = isPollable(source) ? source : adapt(source);
    if (pollable === undefined) throw notWatchable(source);
    return pollable;
  }
}
