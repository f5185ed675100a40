// The types of tasks, loops and gather, and the mistakes they reject.

import {
  type Coroutine,
  createTask,
  currentTask,
  ensureFuture,
  type Future,
  gather,
  newEventLoop,
  run,
  runSync,
  sleep,
  type Task,
  wrapFuture,
} from "mysyncio";
import { VirtualClock } from "mysyncio/testing";

declare const future: Future<Date>;
declare const task: Task<string>;
declare const promise: Promise<number>;
function* answer(): Coroutine<42> {
  yield;
  return 42;
}

const loop = newEventLoop({ clock: new VirtualClock(), slice: 5, debug: true });

// Tasks and runs have the type of their coroutine's result.
exactly<Task<42>>()(createTask(answer));
exactly<Task<42>>()(createTask(answer()));
exactly<Task<bigint>>()(loop.createTask(sleep(1, 1n), { name: "task", priority: "background" }));
exactly<Promise<42>>()(run(answer));
exactly<Promise<bigint>>()(run(sleep(1, 1n), { loop }));
exactly<Promise<Date>>()(run(future, { debug: true }));
exactly<Promise<number>>()(run(async () => 1));
exactly<Promise<number>>()(run(promise, { loop: () => loop }));
exactly<42>()(runSync(answer, { clock: new VirtualClock() }));
exactly<Promise<42>>()(loop.runUntilComplete(answer));
exactly<Promise<string>>()(loop.runUntilComplete(task));
exactly<Promise<void>>()(loop.runForever());
exactly<Future<string>>()(loop.createFuture<string>());
exactly<Future<number>>()(ensureFuture(promise));
exactly<Future<number>>()(wrapFuture(promise));
exactly<Task<unknown> | undefined>()(currentTask());

// An inline main needs no annotation.
exactly<Promise<string>>()(
  run(function* () {
    yield* sleep(1);
    return yield* task;
  }),
);

// Futures and tasks are awaitable.
export async function awaits(): Promise<void> {
  exactly<Date>()(await future);
  exactly<string>()(await task);
  exactly<Date | "none">()(await future.catch(() => "none" as const));
}

// A gather has the types of its arguments, by position.
export function* gathers(): Coroutine<void> {
  exactly<[42, Date, string, number, bigint]>()(
    yield* gather([answer(), future, task, promise, () => sleep(1, 1n)]),
  );
  const [first, second] = yield* gather([sleep(1, "a"), sleep(1, 2)]);
  exactly<string>()(first);
  exactly<number>()(second);
  exactly<string[]>()(yield* gather(new Set([task])));
  const many: Future<Date>[] = [future];
  exactly<Date[]>()(yield* gather(many));
  const [result] = yield* gather([task], { returnExceptions: true });
  if (!(result instanceof Error)) exactly<string>()(result);
}

// Callbacks receive the arguments that are passed for them.
loop.callSoon((letter: string, n: number) => letter.repeat(n), "a", 2);
loop.callLater(1, (n: number) => n, 1);
future.addDoneCallback((done) => exactly<Date>()(done.result()));
// @ts-expect-error
loop.callSoon((letter: string) => letter, 1);
// @ts-expect-error
loop.callSoon(42);
// @ts-expect-error
loop.callLater("soon", () => {});

// A promise is not a coroutine, nor is a number awaitable.
// @ts-expect-error
createTask(promise);
// @ts-expect-error
createTask(async () => {});
// @ts-expect-error
run(42);
// @ts-expect-error
gather([sleep(1), 42]);

// Unknown options are errors.
// @ts-expect-error
createTask(answer, { priority: "urgent" });
// @ts-expect-error
run(answer, { clock: 5 });
// @ts-expect-error
future.setResult("a string");
