// The loop for calls that are submitted outside any loop, and for calls that workers don't run in
// threads. All engines and workers of the process share it. It runs until the process exits, but
// keeps the process alive only while there are calls.

import { inOutermostContext } from "../loop/hosts/asyncContext.ts";
import { type EventLoop, newEventLoop } from "../program/eventLoop.ts";

class CallLoop {
  #loop: EventLoop | undefined;
  #users = 0;

  /** The loop. The first access creates and starts it. */
  get loop(): EventLoop {
    // Start the loop in the outermost context. Otherwise, all calls would see the context of the
    // first caller.
    this.#loop ??= inOutermostContext(startLoop);
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

function startLoop(): EventLoop {
  const loop = newEventLoop();
  loop.unref();
  void loop.runForever();
  return loop;
}

export const callLoop = /* @__PURE__ */ new CallLoop();
