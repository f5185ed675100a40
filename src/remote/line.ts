// The line between two loops: a channel of their own, by a name that nobody else knows.
//
// A channel by name, because a ticket must be a plain value: ports can be sent, but not copied.
//
//   caller                          exposed loop
//     │── hello, on its channel ──────>│     says which line to open
//     │<───────────── welcome ─────────│     until here the caller keeps what it has to say
//     │── call, cancel ───────────────>│
//     │<───────────── result, error ───│
//     │<──────────── bye ─────────────>│     whoever ends

import { type Lifeline, watchThread } from "../loop/hosts/lifeline.ts";
import type { PackedError } from "./remoteError.ts";

/** Rings when a message was left for a thread that may be blocked. */
export type Bell = Int32Array<SharedArrayBuffer> | undefined;

export interface Hello {
  readonly line: string;
  readonly bell: Bell;
}

export type Message =
  | { readonly type: "welcome" | "bye" }
  /** An id of 0 wants no answer. */
  | { readonly type: "call"; id: number; name: string; args: readonly unknown[] }
  | { readonly type: "cancel"; id: number; message: string | undefined }
  /** `isHeard` if a cancel had come before, so that the value is given in spite of it. */
  | { readonly type: "result"; id: number; value: unknown; isHeard?: true }
  | { readonly type: "error"; id: number; error: PackedError; isCancelled: boolean };

/** Hears of what comes over a line. Must not run code of a user. */
export interface Listener {
  onMessage(message: Message): void;
  /** The other side has ended, in whatever way, or what it said could not be read. Called once. */
  onLost(): void;
}

export class Line {
  readonly #channel: BroadcastChannel;
  readonly #lifeline: Lifeline;
  readonly #bell: Bell;
  readonly #listener: Listener;
  #isOver = false;

  /** @param watched the name and the number of the thread to watch, as `watchThread` takes them. */
  constructor(
    name: string,
    bell: Bell,
    [watchedName, thread]: readonly [name: string, thread: number | undefined],
    listener: Listener,
  ) {
    this.#bell = bell;
    this.#listener = listener;
    this.#channel = openChannel(name, (data) => {
      const message = data as Message;
      if (message.type === "bye") this.#lose();
      else if (!this.#isOver) listener.onMessage(message);
    });
    // Memory that the other side shares, but not with us, for one. What it was, nobody can tell: it may be an answer.
    this.#channel.onmessageerror = () => this.#giveUp();
    this.#lifeline = watchThread(watchedName, thread, () => this.#lose());
  }

  /** Finds out whether the other side is there at all. */
  check(): void {
    if (this.#lifeline.isDead) this.#lose();
  }

  /** What a blocked thread has to ask. */
  get ports(): readonly object[] {
    return this.#isOver ? [] : [this.#channel, ...this.#lifeline.ports];
  }

  /** This thread is blocked. */
  onBlocked(): void {
    this.#lifeline.onBlocked?.();
  }

  /** Sends a message. Throws if it cannot be cloned. */
  send(message: Message): void {
    if (this.#isOver) return;
    this.#channel.postMessage(message);
    ring(this.#bell);
  }

  /** Says that this side ends, and ends. */
  close(): void {
    this.send({ type: "bye" });
    this.#end();
  }

  /** Ends on both sides, so that nobody waits for what did not come. */
  #giveUp(): void {
    this.send({ type: "bye" });
    this.#lose();
  }

  #lose(): void {
    if (this.#isOver) return;
    this.#end();
    this.#listener.onLost();
  }

  #end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#lifeline.cut();
    this.#channel.close();
  }
}

/** A name that nobody else has, or could guess. */
export function newName(): string {
  return `mysyncio ${crypto.getRandomValues(new Uint32Array(4)).join("-")}`;
}

/** A channel that keeps no process alive: a loop that runs does. */
export function openChannel(name: string, onMessage: (data: unknown) => void): BroadcastChannel {
  const channel = new BroadcastChannel(name);
  channel.onmessage = ({ data }) => onMessage(data);
  (channel as { unref?(): void }).unref?.();
  return channel;
}

export function ring(bell: Bell): void {
  if (bell === undefined) return;
  Atomics.add(bell, 0, 1);
  Atomics.notify(bell, 0);
}
