import { isPollable, type Pollable } from "../pollable.ts";
import { Selector as PollableSelector } from "../selector.ts";
import { adapt, notWatchable } from "./adapt.ts";

/**
 * Watches Node's sources and reports the ready ones. Like Python's `selectors.DefaultSelector`. It
 * accepts:
 *
 * - sockets of `node:net` and `node:tls`, and all other streams. A stream is readable if it has
 *   data, has ended or is broken. It is writable if a write needn't wait or it is broken.
 * - servers of `node:net` and `node:tls`, whose connections `accept` takes.
 * - sockets of `node:dgram`, whose datagrams `receiveFrom` takes.
 * - a `MessagePort`, whose messages `receiveMessage` takes.
 * - a custom `Pollable`.
 *
 * Watching reads nothing from a stream. `error` events of watched sources are not uncaught
 * exceptions.
 *
 * Level-triggered: a source is reported again as long as it is ready.
 */
export class Selector extends PollableSelector {
  override _adapt(source: unknown): Pollable {
    const pollable = isPollable(source) ? source : adapt(source);
    if (pollable === undefined) throw notWatchable(source);
    return pollable;
  }
}
