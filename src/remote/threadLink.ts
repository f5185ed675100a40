// The link between two loops: a broadcast channel that only they use, with a secret name.
//
// A caller connects with a ticket, which must be a plain value that can be copied. A ticket can
// contain the name by which a channel is found. Ports wouldn't do, because they can only be
// transferred.
//
//   caller                          exposed loop
//     │── hello ──────────────────────>│     on the loop's channel, names the link to open
//     │<───────────── welcome ─────────│     until this arrives, the caller keeps its messages
//     │── call, cancel ───────────────>│
//     │<───────────── result, error ───│
//     │<──────────── bye ─────────────>│     from either side, when it ends

import { type ThreadWatch, watchThread } from "../loop/hosts/threadWatch.ts";
import type { PackedError } from "./remoteError.ts";

/** Shared memory that wakes a blocked thread when a message has arrived. */
type Bell = Int32Array<SharedArrayBuffer> | undefined;

export interface Hello {
  /** The name of the link. */
  readonly link: string;
  readonly bell: Bell;
}

export type Message =
  | { readonly type: "welcome" | "bye" }
  /** An id of 0 means that no reply is expected. */
  | { readonly type: "call"; id: number; name: string; args: readonly unknown[] }
  | { readonly type: "cancel"; id: number; message: string | undefined }
  /** `isHeard` is true if a cancellation had arrived before the call returned its value. */
  | { readonly type: "result"; id: number; value: unknown; isHeard?: true }
  | { readonly type: "error"; id: number; error: PackedError; isCancelled: boolean };

/** Receives messages of a link. Must not call user code. */
interface LinkListener {
  onMessage(message: Message): void;
  /** Called once, when the other side has ended or has sent a message that could not be read. */
  onLost(): void;
}

export class ThreadLink {
  readonly #channel: BroadcastChannel;
  readonly #watch: ThreadWatch;
  readonly #bell: Bell;
  readonly #listener: LinkListener;
  #hasEnded = false;

  /** @param watched the arguments for `watchThread`. */
  constructor(
    name: string,
    bell: Bell,
    [watchedName, thread]: readonly [name: string, thread: number | undefined],
    listener: LinkListener,
  ) {
    this.#bell = bell;
    this.#listener = listener;
    this.#channel = openChannel(name, (data) => {
      const message = data as Message;
      if (message.type === "bye") this.#lose();
      else if (!this.#hasEnded) listener.onMessage(message);
    });
    // A message could not be read, for example because its memory cannot be shared with this
    // thread. It may have been a result that a call waits for.
    this.#channel.onmessageerror = () => this.#giveUp();
    this.#watch = watchThread(watchedName, thread, () => this.#lose());
  }

  /** Ends the link if the other side was already gone when the link was opened. */
  check(): void {
    if (this.#watch.isDead) this.#lose();
  }

  /** The ports that a blocked thread must read. */
  get ports(): readonly object[] {
    return this.#hasEnded ? [] : [this.#channel, ...this.#watch.ports];
  }

  /** Called repeatedly while this thread is blocked. */
  onBlocked(): void {
    this.#watch.onBlocked?.();
  }

  /** Sends a message. Does nothing after the end. @throws DataCloneError if it cannot be cloned. */
  send(message: Message): void {
    if (this.#hasEnded) return;
    this.#channel.postMessage(message);
    ring(this.#bell);
  }

  /** Ends the link, and notifies the other side. */
  close(): void {
    this.send({ type: "bye" });
    this.#end();
  }

  /** Ends the link on both sides, so that nothing waits for a lost message. */
  #giveUp(): void {
    this.send({ type: "bye" });
    this.#lose();
  }

  #lose(): void {
    if (this.#hasEnded) return;
    this.#end();
    this.#listener.onLost();
  }

  #end(): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#watch.stop();
    this.#channel.close();
  }
}

/** Returns a unique name that cannot be guessed. */
export function newName(): string {
  return `mysyncio ${crypto.getRandomValues(new Uint32Array(4)).join("-")}`;
}

/** Opens a channel that doesn't keep the process alive. A running loop keeps it alive. */
export function openChannel(name: string, onMessage: (data: unknown) => void): BroadcastChannel {
  const channel = new BroadcastChannel(name);
  channel.onmessage = ({ data }) => onMessage(data);
  (channel as { unref?(): void }).unref?.();
  return channel;
}

/** Rings a bell, if there is one. */
export function ring(bell: Bell): void {
  if (bell === undefined) return;
  Atomics.add(bell, 0, 1);
  Atomics.notify(bell, 0);
}
