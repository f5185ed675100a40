// Tasks per second, here and now: the same work with coroutines and with promises, alternately.

import { createTask, gather, run as realRun, type Task } from "../../../dist/index.js";
import type { Measured } from "./protocol.ts";

const ROUNDS = 5;
const TASKS = 20_000;
const SWITCHING_TASKS = 1_000;
const YIELDS = 300;

function* once(): Generator<undefined, number> {
  yield;
  return 1;
}

async function onceAsync(): Promise<number> {
  await undefined;
  return 1;
}

function* often(): Generator<undefined, void> {
  for (let count = 0; count < YIELDS; count++) yield;
}

async function oftenAsync(): Promise<void> {
  for (let count = 0; count < YIELDS; count++) await undefined;
}

const CASES = [
  {
    what: "tasks started and awaited",
    count: TASKS,
    ours: () =>
      realRun(function* () {
        const tasks: Task<number>[] = [];
        for (let count = 0; count < TASKS; count++) tasks.push(createTask(once()));
        for (const task of tasks) yield* task;
      }),
    promises: async () => {
      const tasks: Promise<number>[] = [];
      for (let count = 0; count < TASKS; count++) tasks.push(onceAsync());
      for (const task of tasks) await task;
    },
  },
  {
    what: "switches between tasks",
    count: SWITCHING_TASKS * YIELDS,
    ours: () =>
      realRun(function* () {
        yield* gather(Array.from({ length: SWITCHING_TASKS }, often));
      }),
    promises: async () => {
      await Promise.all(Array.from({ length: SWITCHING_TASKS }, oftenAsync));
    },
  },
];

/** Measures each case, and passes each result to `report` as soon as it is known. */
export async function measure(report: (result: Measured) => void): Promise<void> {
  for (const { what, count, ours, promises } of CASES) {
    const times = { ours: [] as number[], promises: [] as number[] };
    // The first round warms up.
    for (let round = 0; round <= ROUNDS; round++) {
      for (const [name, work] of Object.entries({ ours, promises })) {
        const duration = await timeOf(work);
        if (round > 0) times[name as keyof typeof times].push(duration);
      }
    }
    report({
      kind: "measured",
      what,
      ours: (count * 1_000) / median(times.ours),
      promises: (count * 1_000) / median(times.promises),
    });
  }
}

async function timeOf(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  // Without isolation, the clock is so coarse that the difference may be 0.
  return Math.max(performance.now() - start, 0.1);
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1] as number;
}
