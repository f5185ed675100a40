// https://effect.website: Effect.gen as its documentation recommends, and the cheaper form where
// the documentation names one.

import { createRequire } from "node:module";
import { Deferred, Effect, Fiber, Queue, Semaphore } from "effect";
import type { Peer } from "./peer.ts";

const { version } = createRequire(import.meta.url)("effect/package.json") as { version: string };
const UNBOUNDED = { concurrency: "unbounded", discard: true } as const;

const giveWayOnce = Effect.yieldNow;
const giveWay = (times: number) =>
  Effect.gen(function* () {
    for (let i = 0; i < times; i++) yield* Effect.yieldNow;
  });

const forkAll = <A>(effects: readonly Effect.Effect<A>[]) =>
  Effect.gen(function* () {
    const fibers: Fiber.Fiber<A>[] = [];
    for (const effect of effects) fibers.push(yield* Effect.forkChild(effect));
    yield* Fiber.awaitAll(fibers);
  });

const times = <A>(count: number, make: (index: number) => A): A[] =>
  Array.from({ length: count }, (_, index) => make(index));

export default {
  name: `effect ${version}`,
  atLeast: 10,
  works: {
    switch: (tasks, yields) => Effect.runPromise(forkAll(times(tasks, () => giveWay(yields)))),
    spawn: (tasks) => Effect.runPromise(forkAll(times(tasks, () => giveWayOnce))),
    future: (count) =>
      Effect.runPromise(
        Effect.gen(function* () {
          for (let i = 0; i < count; i++) {
            const deferred = Deferred.makeUnsafe<number>();
            queueMicrotask(() => Deferred.doneUnsafe(deferred, Effect.succeed(1)));
            yield* Deferred.await(deferred);
          }
        }),
      ),
    gather: (width, count) => {
      const children = times(width, () => giveWayOnce);
      return Effect.runPromise(
        Effect.gen(function* () {
          for (let i = 0; i < count; i++) yield* Effect.all(children, UNBOUNDED);
        }),
      );
    },
    // In `all`, too, a child that fails interrupts the others.
    taskGroup: (width, count) => {
      const children = times(width, () => giveWayOnce);
      return Effect.runPromise(
        Effect.gen(function* () {
          for (let i = 0; i < count; i++) yield* Effect.all(children, UNBOUNDED);
        }),
      );
    },
    queue: (producers, consumers, items, size) =>
      Effect.runPromise(
        Effect.gen(function* () {
          const queue = yield* Queue.bounded<number>(size);
          const produce = Effect.gen(function* () {
            for (let i = 0; i < items / producers; i++) yield* Queue.offer(queue, i);
          });
          const consume = Effect.gen(function* () {
            for (let i = 0; i < items / consumers; i++) yield* Queue.take(queue);
          });
          const all = [...times(producers, () => produce), ...times(consumers, () => consume)];
          yield* Effect.all(all, UNBOUNDED);
        }),
      ),
    lock: (tasks, count) => {
      const lock = Semaphore.makeUnsafe(1);
      const held = lock.withPermit(Effect.yieldNow);
      const task = Effect.gen(function* () {
        for (let i = 0; i < count; i++) yield* held;
      });
      return Effect.runPromise(
        Effect.all(
          times(tasks, () => task),
          UNBOUNDED,
        ),
      );
    },
    timeout: (count) => {
      const limited = Effect.timeout(Effect.yieldNow, 30_000);
      return Effect.runPromise(
        Effect.gen(function* () {
          for (let i = 0; i < count; i++) yield* limited;
        }),
      );
    },
    sleep: (tasks, span) =>
      Effect.runPromise(forkAll(times(tasks, (index) => Effect.sleep(index % span)))),
    cancel: (tasks) =>
      Effect.runPromise(
        Effect.gen(function* () {
          let cleaned = 0;
          const cleanUp = Effect.sync(() => {
            cleaned++;
          });
          const waiting = Effect.ensuring(Effect.never, cleanUp);
          const fibers: Fiber.Fiber<never>[] = [];
          for (let i = 0; i < tasks; i++) fibers.push(yield* Effect.forkChild(waiting));
          yield* Effect.yieldNow;
          yield* Fiber.interruptAll(fibers);
          if (cleaned !== tasks) throw new Error(`${cleaned} of ${tasks} cleaned up`);
        }),
      ),
  },
} satisfies Peer;
