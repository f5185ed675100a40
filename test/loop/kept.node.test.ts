// Tests that a class keeps an instance, and with it the code that the engine compiled for the
// class.

import { setFlagsFromString } from "node:v8";
import { expect, test } from "vitest";
import {
  type Coroutine,
  createTask,
  type EventLoop,
  Future,
  gather,
  getRunningLoop,
  type Handle,
  Lock,
  Queue,
  run,
  sleep,
  Task,
  TaskGroup,
  type TimerHandle,
  taskGroup,
  timeout,
} from "../../src/index.ts";
import { Call } from "../../src/tasks/kernel/call.ts";
import { PromiseFuture } from "../../src/tasks/relay.ts";
import { collectGarbage } from "../support/garbage.ts";

setFlagsFromString("--allow-natives-syntax");
const haveSameMap = new Function("a", "b", "return %HaveSameMap(a, b)") as (
  a: unknown,
  b: unknown,
) => boolean;

/** The objects of a program that has used them. */
interface Used {
  readonly loop: EventLoop;
  readonly task: Task<unknown>;
  readonly future: Future<unknown>;
  readonly handle: Handle;
  readonly timer: TimerHandle;
  readonly lock: Lock;
  readonly queue: Queue<number>;
}

function* takeOne(lock: Lock, queue: Queue<number>): Coroutine<void> {
  yield* lock.acquire();
  yield* sleep(0.5);
  yield* queue.get();
  lock.release();
}

async function use(): Promise<Used> {
  return await run(function* () {
    const loop = getRunningLoop();
    const lock = new Lock();
    const queue = new Queue<number>();
    const task = createTask(takeOne(lock, queue));
    const other = createTask(takeOne(lock, queue));
    const future = loop.createFuture();
    const handle = loop.callSoon(() => future.setResult(1));
    const timer = loop.callLater(0.25, () => undefined);
    yield* timeout(10_000, function* () {
      yield* future;
    });
    yield* queue.put(1);
    yield* queue.put(2);
    yield* gather([task, other]);
    return { loop, task, future, handle, timer, lock, queue };
  });
}

test("the instances that classes keep don't exist when the first loop starts, and are created soon after", async () => {
  const reports: string[] = [];
  const main = function* () {
    const loop = getRunningLoop();
    loop.setExceptionHandler((_, { message }) => reports.push(message));
    loop.slowCallbackDuration = 60_000; // a busy machine may stop it for a moment
    while (Task._kept.length === 0) yield* sleep(1);
  };
  const running = run(main, { debug: true });
  // Read here, because the first step runs in a later macrotask if the machine stops the process.
  const atStart = Task._kept.length;
  await running;

  // In debug mode, because a kept coroutine must not be reported as never awaited.
  expect([atStart, reports]).toEqual([0, []]);
});

test("the instances that classes keep have the same hidden classes as those in use", async () => {
  // Constructors that ran often enough have given their instances the final map.
  for (let i = 0; i < 20; i++) await use();
  const { loop, task, future, handle, timer, lock, queue } = await use();
  const [keptFuture] = Future._kept as [Future<unknown>];
  const keptLoop = keptFuture._loop as EventLoop;
  // Read from the handle, because its class is exported as a type only.
  const { _kept } = handle.constructor as unknown as { readonly _kept: readonly object[] };
  const [keptHandle, keptTimer] = _kept;

  expect({
    loop: haveSameMap(keptLoop, loop),
    turns: haveSameMap(keptLoop._turns, loop._turns),
    slots: haveSameMap(keptLoop._slots, loop._slots),
    pump: haveSameMap(keptLoop._pump, loop._pump),
    task: haveSameMap(Task._kept[0], task),
    future: haveSameMap(keptFuture, future),
    handle: haveSameMap(keptHandle, handle),
    timer: haveSameMap(keptTimer, timer),
    lock: haveSameMap(Lock._kept[0], lock),
    queue: haveSameMap(Queue._kept[0], queue),
  }).toEqual({
    loop: true,
    turns: true,
    slots: true,
    pump: true,
    task: true,
    future: true,
    handle: true,
    timer: true,
    lock: true,
    queue: true,
  });
});

test("the kept sleep has the same hidden class as sleeps of whole, broken and infinite delays", async () => {
  await use();
  const sleeps = await run(function* () {
    const delays = [0, 1, 0.5, Infinity];
    const made = delays.map((delay) => sleep(delay));
    yield* sleep(0);
    for (const each of made) each.return();
    return made;
  });
  // Read from a sleep, because its class isn't exported.
  const [first] = sleeps as unknown as [object];
  const { _kept } = first.constructor as unknown as { readonly _kept: readonly object[] };

  expect(sleeps.map((each) => haveSameMap(each, _kept[0]))).toEqual([true, true, true, true]);
});

test("a task group keeps a future with the same hidden class as its wait", async () => {
  const waits: unknown[] = [];
  const join = function* () {
    const task = createTask(
      taskGroup(function* (group) {
        group.createTask(sleep(0));
      }),
    );
    while (task._inspect().on === undefined) yield;
    waits.push(task._inspect().on);
    yield* task;
  };
  await use();
  // Constructors that ran often enough have given their instances the final map.
  for (let i = 0; i < 20; i++) await run(join);

  const last = waits.at(-1);
  expect(TaskGroup._kept.filter((kept) => haveSameMap(kept, last))).toHaveLength(1);
});

test("each hot class keeps an instance of itself", () => {
  for (const kept of [Call, Future, Lock, PromiseFuture, Queue, Task, TaskGroup]) {
    expect(kept._kept[0], kept.name).toBeInstanceOf(kept);
  }
});

test("the instances that classes keep don't keep any of a program's objects alive", async () => {
  const collected: string[] = [];
  const registry = new FinalizationRegistry<string>((name) => collected.push(name));
  await run(function* () {
    const lock = new Lock();
    const task = createTask(lock.acquire());
    yield* task;
    registry.register(getRunningLoop(), "loop");
    registry.register(task, "task");
    registry.register(lock, "lock");
  });
  await collectGarbage(() => collected.length === 3);

  expect(collected.sort()).toEqual(["lock", "loop", "task"]);
});
