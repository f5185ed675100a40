// Measures the operations of a core one by one, for the compiled core and the reference core alike.

import type { Core } from "../src/core/interface.ts";
import { shuffled } from "./shuffle.ts";

export const CORE_OPERATIONS = [
  "allocate",
  "push",
  "take",
  "addTimer",
  "removeTimer",
  "turn",
  "release",
] as const;
export type CoreOperation = (typeof CORE_OPERATIONS)[number];
/** In milliseconds. */
export type CoreTimes = Readonly<Record<CoreOperation, number>>;

/**
 * Performs each operation with `count` ids, `times` times, and returns the total time spent on each
 * kind of operation.
 */
export function timeCore(core: Core, count: number, times: number): CoreTimes {
  const spent: Record<CoreOperation, number> = {
    allocate: 0,
    push: 0,
    take: 0,
    addTimer: 0,
    removeTimer: 0,
    turn: 0,
    release: 0,
  };
  const order = shuffled(count);
  const ids = new Int32Array(count);
  const timed = (operation: CoreOperation, work: () => void): void => {
    const start = performance.now();
    work();
    spent[operation] += performance.now() - start;
  };
  const addTimers = () => {
    for (let i = 0; i < count; i++) core.addTimer(ids[i] as number, 1 + (order[i] as number));
  };
  const takeAll = () => {
    for (let i = 0; i < count; i++) if (core.take() === 0) throw new Error("Expected an id");
  };
  const turn = (now: number) => {
    if (core.turn(now) !== count) throw new Error(`Expected a batch of ${count}`);
  };
  core.reset();
  for (let time = 0; time < times; time++) {
    timed("allocate", () => {
      for (let i = 0; i < count; i++) ids[i] = core.allocate();
    });
    timed("push", () => {
      for (let i = 0; i < count; i++) core.push(ids[i] as number);
    });
    turn(0);
    timed("take", takeAll);
    timed("addTimer", addTimers);
    timed("removeTimer", () => {
      for (let i = 0; i < count; i++) core.removeTimer(ids[order[i] as number] as number);
    });
    addTimers();
    // All are due, so the turn sorts them.
    timed("turn", () => turn(count + 1));
    takeAll();
    timed("release", () => {
      for (let i = 0; i < count; i++) core.release(ids[order[i] as number] as number);
    });
  }
  return spent;
}
