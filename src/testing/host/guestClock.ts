// The clock of a loop that an explored program starts itself, by calling `run`. With this clock,
// the loop uses virtual time, and steps and timers of the exploration instead of the host's.

import type { Clock } from "../../loop/clock.ts";
import type { Host } from "../../loop/host.ts";
import type { RunStage } from "./runStage.ts";
import { VirtualTimer } from "./timers.ts";

/**
 * How many milliseconds of a slice each reading of the clock uses up. With real time, slices would
 * end earlier on a busy machine, and a replay of a schedule could run in another order.
 */
const READING = 0.2;

/** Returns the clock for loops that the program of `stage` runs. */
export function guestClock(stage: RunStage): Clock {
  let readings = 0;
  return {
    now: () => stage.performanceNow(),
    _pace: { now: () => READING * readings++ },
    _host: (onMacrotask, onTimer) => new GuestHost(stage, onMacrotask, onTimer),
  };
}

class GuestHost implements Host {
  readonly #stage: RunStage;
  readonly #onMacrotask: () => void;
  readonly #onTimer: () => void;
  #timer: VirtualTimer | undefined;

  constructor(stage: RunStage, onMacrotask: () => void, onTimer: () => void) {
    this.#stage = stage;
    this.#onMacrotask = onMacrotask;
    this.#onTimer = onTimer;
  }

  post(): void {
    this.#stage.post(this.#onMacrotask);
  }

  sleep(delay: number): void {
    this.cancelSleep();
    if (delay === Infinity) return;
    this.#stage.touch();
    this.#timer = new VirtualTimer(this.#stage, this.#onTimer, delay, [], false);
  }

  cancelSleep(): void {
    this.#timer?.close();
    this.#timer = undefined;
  }

  setRef(): void {
    // Does nothing, because the run ends with the program, even if something still sleeps.
  }

  close(): void {
    this.cancelSleep();
  }
}
