// A loop for calls submitted outside any loop. It runs until the process exits, and keeps the
// process alive only while there are calls.

import { type EventLoop, newEventLoop } from "../program/eventLoop.ts";

export class CallLoop {
  #loop: EventLoop | undefined;
  #users = 0;

  /** The loop. The first access creates and starts it. */
  get loop(): EventLoop {
    if (this.#loop === undefined) {
      this.#loop = newEventLoop();
      this.#loop.unref();
      void this.#loop.runForever();
    }
    return this.#loop;
  }

  /** Keeps the process alive until the matching call of `unref`. */
  ref(): void {
    if (this.#users++ === 0) this.loop.ref();
  }

  unref(): void {
    if (--this.#users === 0) this.#loop?.unref();
  }
}
