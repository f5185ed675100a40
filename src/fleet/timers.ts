// Timers of the host, or of a loop, whose clock may be virtual.

import { clearTimeout, performance, setTimeout } from "../loop/hosts/timers.ts";
import type { Scheduler } from "../loop/scheduler.ts";
import type { Timer, Timers } from "./engine.ts";

/** The longest delay of a host timer, in milliseconds. */
const LONGEST = 2 ** 31 - 1;

/** The host's timers. */
export const hostTimers: Timers = {
  now: () => performance.now(),
  later(delay, callback) {
    const timer = new HostTimer(callback);
    timer.wait(delay);
    return timer;
  },
};

class HostTimer implements Timer {
  readonly #callback: () => void;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(callback: () => void) {
    this.#callback = callback;
  }

  wait(delay: number): void {
    if (delay > LONGEST) this.#timer = setTimeout(() => this.wait(delay - LONGEST), LONGEST);
    else this.#timer = setTimeout(this.#callback, Math.max(0, delay));
  }

  cancel(): void {
    clearTimeout(this.#timer);
  }
}

const NEVER: Timer = { cancel: () => undefined };

/** A loop's timers. */
export class LoopTimers implements Timers {
  readonly loop: Scheduler;

  constructor(loop: Scheduler) {
    this.loop = loop;
  }

  now(): number {
    return this.loop.time();
  }

  later(delay: number, callback: () => void): Timer {
    // A closed loop runs nothing, and its waiting calls were settled when it closed.
    if (this.loop.isClosed()) return NEVER;
    return delay <= 0 ? this.loop._callSoon(callback, []) : this.loop.callLater(delay, callback);
  }
}
