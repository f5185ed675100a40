// https://frontside.com/effection: structured concurrency with generators, in the style of its
// guides.

import { readFileSync } from "node:fs";
import {
  action,
  all,
  createQueue,
  type Operation,
  run,
  scoped,
  sleep,
  spawn,
  suspend,
  type Task,
  withResolvers,
} from "effection";
import type { Peer } from "./peer.ts";

const { version } = JSON.parse(
  readFileSync(new URL("../node_modules/effection/package.json", import.meta.url), "utf8"),
) as { version: string };

/**
 * The cheapest way to yield. Effection has no operation for that, and its `sleep(0)` is a timer.
 */
const giveWay = action<void>((resolve) => {
  queueMicrotask(() => resolve());
  return () => {};
});

function* giveWayOften(times: number): Operation<void> {
  for (let i = 0; i < times; i++) yield* giveWay;
}

function* giveWayOnce(): Operation<void> {
  yield* giveWay;
}

function* spawnAll(count: number, body: (index: number) => Operation<void>): Operation<void> {
  const tasks: Task<void>[] = [];
  for (let i = 0; i < count; i++) tasks.push(yield* spawn(() => body(i)));
  for (const task of tasks) yield* task;
}

export default {
  name: `effection ${version}`,
  atLeast: 10,
  works: {
    switch: (tasks, yields) => run(() => spawnAll(tasks, () => giveWayOften(yields))),
    spawn: (tasks) => run(() => spawnAll(tasks, giveWayOnce)),
    future: (times) =>
      run(function* () {
        for (let i = 0; i < times; i++) {
          const { operation, resolve } = withResolvers<number>();
          queueMicrotask(() => resolve(1));
          yield* operation;
        }
      }),
    gather: (width, times) =>
      run(function* () {
        for (let i = 0; i < times; i++) yield* all(Array.from({ length: width }, giveWayOnce));
      }),
    taskGroup: (width, times) =>
      run(function* () {
        for (let i = 0; i < times; i++) yield* scoped(() => spawnAll(width, giveWayOnce));
      }),
    // Its queue has no bound, so producers never wait. With one consumer at a time, each item is
    // awaited.
    queue: (producers, consumers, items) =>
      run(function* () {
        const queue = createQueue<number, void>();
        const tasks: Task<void>[] = [];
        for (let i = 0; i < producers; i++) {
          tasks.push(
            yield* spawn(function* () {
              for (let n = 0; n < items / producers; n++) queue.add(n);
            }),
          );
        }
        for (let i = 0; i < consumers; i++) {
          tasks.push(
            yield* spawn(function* () {
              for (let n = 0; n < items / consumers; n++) yield* queue.next();
            }),
          );
        }
        for (const task of tasks) yield* task;
      }),
    sleep: (tasks, span) => run(() => spawnAll(tasks, (index) => sleep(index % span))),
    cancel: (count) =>
      run(function* () {
        let cleaned = 0;
        const tasks: Task<void>[] = [];
        for (let i = 0; i < count; i++) {
          tasks.push(
            yield* spawn(function* () {
              try {
                yield* suspend();
              } finally {
                cleaned++;
              }
            }),
          );
        }
        yield* giveWay;
        for (const task of tasks) yield* task.halt();
        if (cleaned !== count) throw new Error(`${cleaned} of ${count} cleaned up`);
      }),
  },
} satisfies Peer;
