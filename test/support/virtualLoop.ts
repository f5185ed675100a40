// Loops on which no time passes while a test runs.

import {
  type AwaitableLike,
  DeadlockError,
  type EventLoop,
  type EventLoopOptions,
  newEventLoop,
  runSync,
} from "../../src/index.ts";
import { VirtualClock } from "../../src/testing.ts";

export function newVirtualLoop(options?: EventLoopOptions): EventLoop {
  return newEventLoop({ clock: new VirtualClock(), ...options });
}

/** Runs a virtual loop until it is stopped, or has nothing left to do. */
export function runDry(loop: EventLoop): void {
  try {
    loop.runForeverSync();
  } catch (error) {
    if (!(error instanceof DeadlockError)) throw error;
  }
}

export function runVirtually<T>(main: AwaitableLike<T>): T {
  return runSync(main, { clock: new VirtualClock() });
}
