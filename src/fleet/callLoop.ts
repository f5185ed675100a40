// The loop for calls submitted outside any loop, and for those that a worker runs on its own loop.
// It runs until the process exits, so all engines and workers share it. It keeps the process alive
// only while there are calls.

import { type EventLoop, newEventLoop } from "../program/eventLoop.ts";

class CallLoop {
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

  /** Whether `loop` is this loop. Unlike the property `loop`, doesn't create it. */
  is(loop: object): boolean {
    return loop === this.#loop;
  }

  /** Keeps the process alive until the matching call of `unref`. */
  ref(): void {
    if (this.#users++ === 0) this.loop.ref();
  }

  unref(): void {
    if (--this.#users === 0) this.#loop?.unref();
  }
}

export const callLoop = /* @__PURE__ */ new CallLoop();
