// Tests races of operations on locks, queues and streams. One file, because each case checks which
// operation took what.

import * as fc from "fast-check";
import { describe, expect } from "vitest";
import {
  type AwaitableLike,
  allTasks,
  Barrier,
  CancelledError,
  Condition,
  type Coroutine,
  coroutine,
  createTask,
  currentTask,
  Event,
  type EventLoop,
  type Future,
  InvalidStateError,
  iterate,
  LifoQueue,
  Lock,
  moveOnAfter,
  PriorityQueue,
  Queue,
  QueueShutDown,
  RuntimeError,
  race,
  Semaphore,
  sleep,
  type Task,
  timeout,
  waitFor,
  withSignal,
} from "../../src/index.ts";
import { StreamReader } from "../../src/io/streamReader.ts";
import { bytes } from "../io/utf8.ts";
import { caught } from "../support/caught.ts";
import { scale } from "../support/effort.ts";
import { collectReports } from "../support/reports.ts";
import { newVirtualLoop, runDry } from "../support/virtualLoop.ts";
import { loop, test } from "../support/virtualTest.ts";

function onLoop<T>(main: () => Coroutine<T>): T {
  return loop.runUntilCompleteSync(main);
}

function* thrownBy(body: Coroutine<unknown>): Coroutine<unknown> {
  try {
    yield* body;
  } catch (error) {
    return error;
  }
  return "nothing";
}

function* awaited<T>(future: Future<T>): Coroutine<T> {
  return yield* future;
}

function filled(...items: number[]): Queue<number> {
  const queue = new Queue<number>();
  for (const item of items) queue.putNowait(item);
  return queue;
}

/** Starts a race in a task, and continues when it waits. */
function* started<T>(make: () => Coroutine<T>): Coroutine<Task<T>> {
  const task = createTask(make);
  yield;
  yield;
  return task;
}

describe("a race of operations that could complete immediately", () => {
  test("takes from exactly one queue per race", () => {
    const got = onLoop(function* () {
      const a = filled(...Array.from({ length: 10 }, (_, i) => i));
      const b = filled(...Array.from({ length: 10 }, (_, i) => 10 + i));
      const items: number[] = [];
      for (let i = 0; i < 20; i++) items.push(yield* race([a.get(), b.get()]));
      return items;
    });

    expect(got).toEqual(Array.from({ length: 20 }, (_, i) => i));
  });

  test("does not suspend, and creates no task", () => {
    const trace: string[] = [];
    onLoop(function* () {
      const a = filled(1);
      const other = createTask(function* (): Coroutine<void> {
        trace.push("other");
      });
      yield* race([a.get(), filled(2).get()]);
      trace.push(`got, ${allTasks().size} tasks`);
      yield* other;
    });

    expect(trace).toEqual(["got, 2 tasks", "other"]);
  });

  test("acquires one of two free locks, and one permit", () => {
    const state = onLoop(function* () {
      const [a, b] = [new Lock(), new Lock()];
      const [s, t] = [new Semaphore(1), new Semaphore(1)];
      yield* race([a.acquire(), b.acquire()]);
      yield* race([s.acquire(), t.acquire()]);
      return [a.locked(), b.locked(), s.locked(), t.locked()];
    });

    expect(state).toEqual([true, false, true, false]);
  });

  test("between two calls of hold() holds only one of two free locks", () => {
    const state = onLoop(function* () {
      const [a, b] = [new Lock(), new Lock()];
      {
        const held = yield* race([a.hold(), b.hold()]);
        expect([a.locked(), b.locked()]).toEqual([true, false]);
        held[Symbol.dispose]();
      }
      return [a.locked(), b.locked()];
    });

    expect(state).toEqual([false, false]);
  });

  test("does not start users' coroutines, whether they come before or after the operation", () => {
    const trace: string[] = [];
    const reports = collectReports(loop);
    const outcome = onLoop(function* () {
      const leave = function* (): Coroutine<number> {
        trace.push("begun");
        return 0;
      };
      const decorated = coroutine(leave)();
      const future = loop.createFuture<number>();
      const value = yield* race([leave(), decorated, leave, filled(7).get(), leave(), future]);
      yield* sleep(1);
      const again = yield* thrownBy(createLate(decorated));
      return [value, future.cancelled(), (again as Error).name, allTasks().size];
    });
    loop.close();

    expect([outcome, trace, reports]).toEqual([[7, true, "InvalidStateError", 1], [], []]);
  });

  test("completes the first in the list that can complete: a future, a read or a get", () => {
    const outcome = onLoop(function* () {
      const done = loop.createFuture<number>();
      done.setResult(1);
      const reader = new StreamReader();
      reader._feedData(bytes("a line\n"));
      const queue = filled(2);
      const first = yield* race([done, queue.get(), reader.readline()]);
      const second = yield* race([reader.read(2), queue.get()]);
      const third = yield* race([reader.readexactly(99), queue.get(), reader.readline()]);
      return [first, second, third, yield* reader.readline()];
    });

    expect(outcome).toEqual([1, bytes("a "), 2, bytes("line\n")]);
  });

  test("throws what the first operation throws, and takes nothing from the others", () => {
    const outcome = onLoop(function* () {
      const over = new Queue<number>();
      over.shutdown();
      const queue = filled(1);
      const thrown = yield* thrownBy(race([over.get(), queue.get()]));
      return [thrown instanceof QueueShutDown, queue.qsize()];
    });

    expect(outcome).toEqual([true, 1]);
  });
});

function* createLate(coro: Coroutine<unknown>): Coroutine<unknown> {
  return yield* createTask(coro);
}

interface Both {
  first(): void;
  second(): void;
  states(): unknown;
}
interface Handing {
  readonly name: string;
  /** The operations, how to serve them, and the expected state when only the first was served. */
  make(): { ops: (() => Coroutine<unknown>)[] } & Both & { expected: unknown };
}

const handings: Handing[] = [
  ...[Queue, LifoQueue, PriorityQueue].map((Kind) => ({
    name: `getters of two ${Kind.name}s`,
    make() {
      const [a, b] = [new Kind<number>(), new Kind<number>()];
      return {
        ops: [() => a.get(), () => b.get()],
        first: () => a.putNowait(1),
        second: () => b.putNowait(2),
        states: () => [a.qsize(), b.qsize()],
        expected: [0, 1],
      };
    },
  })),
  {
    name: "putters of two full queues",
    make() {
      const [a, b] = [new Queue<number>(1), new Queue<number>(1)];
      a.putNowait(1);
      b.putNowait(2);
      return {
        ops: [() => a.put(3), () => b.put(4)],
        first: () => void a.getNowait(),
        second: () => void b.getNowait(),
        states: () => [a.qsize(), b.qsize()],
        expected: [1, 0],
      };
    },
  },
  {
    name: "two locks",
    make() {
      const [a, b] = [taken(), taken()];
      return {
        ops: [() => a.acquire(), () => b.acquire()],
        first: () => a.release(),
        second: () => b.release(),
        states: () => [a.locked(), b.locked()],
        expected: [true, false],
      };
    },
  },
  {
    name: "two semaphores",
    make() {
      const [a, b] = [new Semaphore(0), new Semaphore(0)];
      return {
        ops: [() => a.acquire(), () => b.acquire()],
        first: () => a.release(),
        second: () => b.release(),
        states: () => [a._value, b._value],
        expected: [0, 1],
      };
    },
  },
  {
    name: "two barriers",
    make() {
      const [a, b] = [new Barrier(2), new Barrier(3)];
      return {
        ops: [() => b.wait(), () => a.wait()],
        first: () => void loop.createTask(a.wait(), { eagerStart: true }),
        second: () => void loop.createTask(b.wait(), { eagerStart: true }),
        states: () => [a.nWaiting, b.nWaiting],
        expected: [0, 1],
      };
    },
  },
  {
    name: "a lock and the end of a queue",
    make() {
      const lock = taken();
      const queue = filled(1);
      return {
        ops: [() => lock.acquire(), () => queue.join()],
        first: () => queue.taskDone(),
        second: () => lock.release(),
        states: () => [lock.locked()],
        expected: [false],
      };
    },
  },
  {
    name: "an event and a queue that is iterated",
    make() {
      const event = new Event();
      const queue = new Queue<number>();
      const items = iterate(queue);
      return {
        ops: [() => items.next(), () => event.wait()],
        first: () => event.set(),
        second: () => queue.putNowait(1),
        states: () => [queue.qsize()],
        expected: [1],
      };
    },
  },
  {
    name: "a queue that is shut down and a lock",
    make() {
      const queue = new Queue<number>();
      const lock = taken();
      return {
        ops: [() => lock.acquire(), () => queue.get()],
        first: () => queue.shutdown(),
        second: () => lock.release(),
        states: () => [lock.locked()],
        expected: [false],
      };
    },
  },
];

function taken(): Lock {
  const lock = new Lock();
  lock._wait();
  return lock;
}

describe.each(handings)("a race of $name", ({ name, make }) => {
  test("is decided as soon as one operation is served", () => {
    const reports = collectReports(loop);
    const [states, expected] = onLoop(function* () {
      const { ops, first, second, states, expected } = make();
      const task = yield* started(() => race(ops.map((op) => op())));
      first();
      second();
      const now = states();
      yield* thrownBy(createLate(joinOf(task)));
      expect(states()).toEqual(now);
      return [now, expected];
    });
    loop.close();

    expect([states, reports]).toEqual([expected, []]);
  });

  // An item that was accepted stays in the queue, even if its producer is cancelled.
  test("is decided the same way if the operations are inside users' coroutines", () => {
    const [states, expected] = onLoop(function* () {
      const { ops, first, second, states, expected } = make();
      const task = yield* started(() => race(ops));
      first();
      second();
      yield* thrownBy(createLate(joinOf(task)));
      return [states(), expected];
    });

    expect(states).toEqual(name.startsWith("putters") ? [1, 1] : expected);
  });

  test("takes nothing if it is cancelled first", () => {
    const same = onLoop(function* () {
      const { ops, first, second, states } = make();
      const task = yield* started(() => race(ops.map((op) => op())));
      task.cancel();
      first();
      second();
      const now = states();
      yield* thrownBy(createLate(joinOf(task)));
      expect(states()).toEqual(now);
      const untouched = make();
      untouched.first();
      untouched.second();
      return [task.cancelled(), now, untouched.states()] as const;
    });

    expect(same[0]).toBe(true);
    expect(same[1]).toEqual(same[2]);
  });
});

function* joinOf(future: Future<unknown>): Coroutine<unknown> {
  return yield* future;
}

describe("a race that is cancelled after it was decided", () => {
  test("puts the item back if that happens in the same turn", () => {
    const outcome = onLoop(function* () {
      const [a, b] = [new Queue<number>(), new Queue<number>()];
      const task = yield* started(() => race([a.get(), b.get()]));
      b.putNowait(1);
      task.cancel();
      yield* thrownBy(joinOf(task));
      return [task.cancelled(), a.qsize(), b.qsize()];
    });

    expect(outcome).toEqual([true, 0, 1]);
  });

  test("passes the lock on to the next waiter if that happens in the same turn", () => {
    const outcome = onLoop(function* () {
      const lock = taken();
      const task = yield* started(() => race([new Event().wait(), lock.acquire()]));
      const next = yield* started(() => lock.acquire());
      lock.release();
      task.cancel();
      return [yield* next, task.cancelled()];
    });

    expect(outcome).toEqual([true, true]);
  });

  test("while a loser is still cleaning up, puts back an item that it had to wait for", () => {
    const outcome = onLoop(function* () {
      const queue = new Queue<number>();
      const slow = function* (): Coroutine<void> {
        try {
          yield* sleep(Infinity);
        } finally {
          yield* sleep(10);
        }
      };
      const task = yield* started(() => race([queue.get(), slow()]));
      queue.putNowait(1);
      yield* sleep(5);
      const before = queue.qsize();
      task.cancel();
      yield* thrownBy(joinOf(task));
      return [before, queue.qsize(), loop.time()];
    });

    expect(outcome).toEqual([0, 1, 10]);
  });

  test("returns an item that it took without waiting, and the task throws at its next wait", () => {
    const outcome = onLoop(function* () {
      const slow = createTask(function* (): Coroutine<void> {
        try {
          yield* sleep(Infinity);
        } finally {
          yield* sleep(10);
        }
      });
      const items: unknown[] = [];
      const task = yield* started(function* () {
        items.push(yield* race([slow, filled(1).get()]));
        yield* sleep(Infinity);
      });
      task.cancel("stop");
      yield* thrownBy(joinOf(task));
      return [items, task.cancelled(), task.cancelling(), loop.time()];
    });

    expect(outcome).toEqual([[1], true, 1, 10]);
  });

  test("puts the item back if its coroutine is closed instead", () => {
    const size = onLoop(function* () {
      const queue = new Queue<number>();
      const racing = race([queue.get(), new Event().wait()]);
      racing.next();
      queue.putNowait(1);
      racing.return(0 as never);
      return queue.qsize();
    });

    expect(size).toBe(1);
  });
});

describe("a race of an operation inside another coroutine, cancelled at any time,", () => {
  const wrappings: Record<string, (queue: Queue<number>) => AwaitableLike<unknown>> = {
    waitFor: (queue) => waitFor(queue.get(), 100),
    "waitFor of a function": (queue) => waitFor(() => queue.get(), 100),
    timeout: (queue) => timeout(100, () => queue.get()),
    moveOnAfter: (queue) => moveOnAfter(100, () => queue.get()),
    withSignal: (queue) => withSignal(new AbortController().signal, queue.get()),
    "a function": (queue) => () => queue.get(),
    "a function with waitFor": (queue) => () => waitFor(queue.get(), 100),
    "waitFor in waitFor": (queue) => waitFor(waitFor(queue.get(), 50), 100),
    "a race in waitFor": (queue) => waitFor(race([queue.get(), new Event().wait()]), 100),
    "an iteration in waitFor": (queue) => waitFor(iterate(queue).next(), 100),
  };

  test.each(Object.keys(wrappings))("loses no item: %s", (name) => {
    const wrap = wrappings[name] as (queue: Queue<number>) => AwaitableLike<unknown>;
    const ends = [0, 1, 2, 3, 4].map((turns) =>
      onLoop(function* () {
        const queue = new Queue<number>();
        let got = 0;
        const task = yield* started(function* () {
          const item = yield* race([wrap(queue), new Event().wait()]);
          if (item !== undefined) got++;
          yield* sleep(Infinity);
        });
        yield;
        queue.putNowait(1);
        for (let turn = 0; turn < turns; turn++) yield;
        task.cancel();
        yield* thrownBy(joinOf(task));
        return [got + queue.qsize(), task.cancelled(), task.cancelling()];
      }),
    );

    expect(ends).toEqual(ends.map(() => [1, true, 1]));
  });

  test("throws the CancelledError instead of returning the result of a sleep", () => {
    const outcome = onLoop(function* () {
      const task = yield* started(() => race([sleep(1, "result"), slowly()]));
      yield* sleep(5);
      task.cancel();
      return (yield* thrownBy(joinOf(task))) instanceof CancelledError;
    });

    expect(outcome).toBe(true);
  });
});

function* slowly(): Coroutine<void> {
  try {
    yield* sleep(Infinity);
  } finally {
    yield* sleep(10);
  }
}

describe("a race", () => {
  test("of races acts as a single race", () => {
    const outcome = onLoop(function* () {
      const queues = Array.from({ length: 4 }, () => new Queue<number>());
      const [a, b, c, d] = queues.map((queue) => queue.get()) as [
        Coroutine<number>,
        Coroutine<number>,
        Coroutine<number>,
        Coroutine<number>,
      ];
      const task = yield* started(() => race([race([a, race([b])]), race([c, d])]));
      for (const [index, queue] of [...queues.entries()].reverse()) queue.putNowait(index);
      const sizes = queues.map((queue) => queue.qsize());
      return [sizes, yield* task, allTasks().size];
    });

    expect(outcome).toEqual([[1, 1, 1, 0], 3, 1]);
  });

  test("can be nested 10,000 times", () => {
    const outcome = onLoop(function* () {
      const queue = new Queue<number>();
      let nested: Coroutine<number> = queue.get();
      for (let i = 0; i < 10_000; i++) nested = race([nested]);
      loop.callSoon(() => queue.putNowait(1));
      return yield* nested;
    });

    expect(outcome).toBe(1);
  });

  test.each([1_000])("ends in one turn even if it is nested in %i tasks", (depth) => {
    const left = onLoop(function* () {
      const queue = new Queue<number>();
      let nested = (): Coroutine<unknown> => queue.get();
      for (let i = 0; i < depth; i++) {
        const inner = createTask(nested);
        nested = () => race([inner, new Event().wait()]);
      }
      const event = new Event();
      const task = createTask(() => race([createTask(nested), event.wait()]));
      yield* sleep(1);
      event.set();
      queue.putNowait(1);
      const size = queue.qsize();
      yield* task;
      return [size, allTasks().size];
    });

    expect(left).toEqual([1, 1]);
  });

  test("between a get and a put on the same queue does exactly one of them", () => {
    const outcome = onLoop(function* () {
      const empty = new Queue<string>();
      const put = yield* race([empty.get(), empty.put("a")]);
      const full = new Queue<string>(1);
      full.putNowait("b");
      const got = yield* race([full.put("c"), full.get()]);
      return [put, empty.qsize(), got, full.qsize()];
    });

    expect(outcome).toEqual([undefined, 1, "b", 0]);
  });

  test("waits in the line of a barrier or queue only once, even if two of its operations wait there", () => {
    const outcome = onLoop(function* () {
      const barrier = new Barrier(2);
      const queue = new Queue<number>();
      const task = yield* started(() =>
        race([barrier.wait(), barrier.wait(), queue.get(), queue.get()]),
      );
      const waiting = barrier.nWaiting;
      queue.putNowait(1);
      queue.putNowait(2);
      return [waiting, yield* task, queue.qsize(), barrier.nWaiting];
    });

    expect(outcome).toEqual([1, 1, 1, 0]);
  });

  test("runs an operation once even if it is listed twice", () => {
    const outcome = onLoop(function* () {
      const queue = filled(1, 2);
      const get = queue.get();
      return [yield* race([get, get]), queue.qsize()];
    });

    expect(outcome).toEqual([1, 1]);
  });

  test("takes nothing if one of the operations was already used", () => {
    const outcome = onLoop(function* () {
      const queue = filled(1, 2);
      const used = queue.get();
      yield* used;
      const [lock, event] = [new Lock(), new Event()];
      const thrown = [
        yield* thrownBy(race([lock.acquire(), event.wait(), used])),
        yield* thrownBy(race([queue.get(), used])),
      ];
      return [
        thrown.every((error) => error instanceof InvalidStateError),
        queue.qsize(),
        lock.locked(),
      ];
    });

    expect(outcome).toEqual([true, 1, false]);
  });

  test("throws for a queue of another loop, and no longer waits for its other operations", () => {
    const foreign = new Queue<number>();
    const other = newVirtualLoop();
    other.createTask(foreign.get());
    runDry(other);
    const outcome = onLoop(function* () {
      const queue = new Queue<number>();
      const lock = taken();
      const thrown = yield* thrownBy(race([queue.get(), lock.acquire(), foreign.get()]));
      queue.putNowait(1);
      lock.release();
      return [thrown instanceof RuntimeError, queue.qsize(), lock.locked()];
    });

    expect(outcome).toEqual([true, 1, false]);
  });

  test("takes no item once its loop is closed", () => {
    const queue = new Queue<number>();
    loop.createTask(() => race([queue.get(), new Event().wait()]));
    runDry(loop);
    loop.close();
    queue.putNowait(1);

    expect(queue.qsize()).toBe(1);
  });

  test("records its task as the holder of a lock that it won", () => {
    loop.setDebug(true);
    const again = onLoop(function* () {
      const lock = taken();
      const task = yield* started(function* () {
        yield* race([lock.acquire(), new Event().wait()]);
        lock.release();
        return yield* race([new Event().wait(), lock.acquire()]);
      });
      lock.release();
      return yield* task;
    });
    loop.setDebug(false);

    expect(again).toBe(true);
  });
});

describe("a loser of a race", () => {
  test("that waits for a condition acquires the condition's lock again, and passes a notification on", () => {
    const outcome = onLoop(function* () {
      const condition = new Condition();
      const queue = new Queue<number>();
      yield* condition.acquire();
      const waiter = createTask(function* () {
        yield* condition.acquire();
        yield* condition.wait();
        condition.release();
        return "notified";
      });
      const racer = createTask(function* () {
        yield* condition.acquire();
        const value = yield* race([condition.wait(), queue.get()]);
        const isLocked = condition.locked();
        condition.release();
        return [value, isLocked];
      });
      condition.release();
      yield* sleep(1);
      yield* condition.acquire();
      queue.putNowait(1);
      condition.notify();
      condition.release();
      return [yield* racer, yield* waiter];
    });

    expect(outcome).toEqual([[1, true], "notified"]);
  });

  test("that waits for a condition passes its notification on if the race is cancelled in the turn of the notification", () => {
    const outcome = onLoop(function* () {
      const condition = new Condition();
      const task = yield* started(function* () {
        yield* condition.acquire();
        try {
          yield* race([condition.wait(), new Event().wait()]);
        } finally {
          condition.release();
        }
      });
      const next = yield* started(function* () {
        yield* condition.acquire();
        yield* condition.wait();
        condition.release();
        return "notified";
      });
      yield* condition.acquire();
      condition.notify();
      condition.release();
      task.cancel();
      return [yield* next, task.cancelled(), condition.locked()];
    });

    expect(outcome).toEqual(["notified", true, false]);
  });

  test("that reads takes no bytes, whatever arrives in the turn", () => {
    const outcome = onLoop(function* () {
      const queue = new Queue<string>();
      const items: unknown[] = [];
      const reads: ((reader: StreamReader) => Coroutine<unknown>)[] = [
        (reader) => reader.read(),
        (reader) => reader.read(4),
        (reader) => reader.readline(),
        (reader) => reader.readexactly(4),
        (reader) => reader.readuntil("l"),
        (reader) => iterate(reader).next(),
      ];
      for (const read of reads) {
        const reader = new StreamReader();
        const task = yield* started(() => race([read(reader), queue.get()]));
        reader._feedData(bytes("line"));
        reader._feedEof();
        queue.putNowait("item");
        items.push(yield* task, yield* reader.read());
      }
      return items;
    });

    expect(outcome).toEqual(
      Array(6)
        .fill(["item", bytes("line")])
        .flat(),
    );
  });

  test("is not decided while a read still needs more bytes", () => {
    const outcome = onLoop(function* () {
      const reader = new StreamReader();
      const task = yield* started(() => race([reader.readline(), new Event().wait()]));
      reader._feedData(bytes("half "));
      for (let turn = 0; turn < 3; turn++) yield;
      const isDone = task.done();
      reader._feedData(bytes("line\n"));
      return [isDone, yield* task];
    });

    expect(outcome).toEqual([false, bytes("half line\n")]);
  });

  test("that would have won by a read takes no bytes if the race is cancelled in the same turn", () => {
    const outcome = onLoop(function* () {
      const reader = new StreamReader();
      const task = yield* started(() => race([reader.readline(), new Event().wait()]));
      reader._feedData(bytes("line\n"));
      task.cancel();
      yield* thrownBy(joinOf(task));
      return [task.cancelled(), yield* reader.readline()];
    });

    expect(outcome).toEqual([true, bytes("line\n")]);
  });

  test.each(["user-blocking", "background"] as const)(
    "that is a task of priority %s takes no item that arrives after the hand-over",
    (priority) => {
      const outcome = onLoop(function* () {
        const [a, b] = [new Queue<number>(), new Queue<number>()];
        const getB = createTask(() => b.get(), { priority });
        const task = createTask(() => race([getB, a.get()]));
        yield* sleep(1);
        a.putNowait(1);
        b.putNowait(2);
        const size = b.qsize();
        return [yield* task, size, b.qsize(), getB.cancelled()];
      });

      expect(outcome).toEqual([1, 1, 1, true]);
    },
  );

  test("puts back an item that it received before the winner received one", () => {
    const outcome = onLoop(function* () {
      const [a, b] = [new Queue<number>(), new Queue<number>()];
      const got = function* (): Coroutine<number> {
        return yield* b.get();
      };
      const task = yield* started(() => race([got(), a.get()]));
      b.putNowait(2);
      a.putNowait(1);
      return [yield* task, b.qsize()];
    });

    expect(outcome).toEqual([1, 1]);
  });

  test("is cancelled before its next step, but after the hand-over", () => {
    const trace: string[] = [];
    onLoop(function* () {
      const queue = new Queue<number>();
      const loser = function* (): Coroutine<void> {
        const { signal } = currentTask() as Task<unknown>;
        signal.addEventListener("abort", () => trace.push("aborted"));
        try {
          yield* sleep(Infinity);
        } finally {
          trace.push(`in finally, ${signal.aborted}`);
        }
      };
      const task = yield* started(() => race([queue.get(), loser()]));
      queue.putNowait(1);
      trace.push("handed over");
      yield* task;
    });

    expect(trace).toEqual(["handed over", "aborted", "in finally, true"]);
  });

  test("may put an item into a queue in an abort listener, while that queue serves the winner", () => {
    const outcome = onLoop(function* () {
      const queue = new Queue<number>(1);
      const loser = function* (): Coroutine<void> {
        currentTask()?.signal.addEventListener("abort", () => queue.putNowait(2));
        yield* sleep(Infinity);
      };
      const task = yield* started(() => race([queue.get(), loser()]));
      queue.putNowait(1);
      const value = yield* task;
      queue.taskDone();
      yield* queue.get();
      queue.taskDone();
      return [value, (caught(() => queue.taskDone()) as Error).name];
    });

    expect(outcome).toEqual([1, "RangeError"]);
  });
});

test("a race in a timeout either returns the item or leaves it in its queue, in any order", () => {
  for (const order of ["deadline first", "item first"]) {
    const own = newVirtualLoop();
    const queue = new Queue<number>();
    if (order === "item first") own.callAt(10, () => queue.putNowait(1));
    const task = own.createTask(() => timeout(10, () => race([queue.get(), new Event().wait()])));
    runOnce(own, () => {
      if (order === "deadline first") own.callAt(10, () => queue.putNowait(1));
    });
    runDry(own);
    const isGot = task.exception() === undefined;
    expect([order, queue.qsize()]).toEqual([order, isGot ? 0 : 1]);
  }
});

function runOnce(own: EventLoop, then: () => void): void {
  own.callSoon(() => own.callSoon(then));
}

test("programs of puts, releases, races and cancellations lose nothing", () => {
  const action = fc.oneof(
    fc.record({ kind: fc.constant("put" as const), queue: fc.nat(2) }),
    fc.record({ kind: fc.constant("get" as const), queue: fc.nat(2) }),
    fc.record({ kind: fc.constant("release" as const), queue: fc.nat(1) }),
    fc.record({ kind: fc.constant("cancel" as const), queue: fc.nat(3) }),
    fc.record({ kind: fc.constant("turn" as const), queue: fc.nat(1) }),
  );
  const choice = fc.constantFrom(
    "get0",
    "get1",
    "get2",
    "put2",
    "lock0",
    "lock1",
    "user0",
    "user1",
  );
  const racer = fc.array(choice, { minLength: 1, maxLength: 5 });
  fc.assert(
    fc.property(
      fc.array(racer, { minLength: 1, maxLength: 4 }),
      fc.array(action, { maxLength: 25 }),
      (racers, actions) => {
        const own = newVirtualLoop();
        const queues = [new Queue<number>(), new Queue<number>(), new Queue<number>(2)] as const;
        const locks = [taken(), taken()] as const;
        /** How many times each is released. */
        const held = [1, 1];
        let put = 0;
        let taken_ = 0;
        const got = function* (index: number): Coroutine<string> {
          return yield* gotFrom(index);
        };
        const gotFrom = (index: number): Coroutine<string> =>
          queues[index]?.get() as unknown as Coroutine<string>;
        const entrantOf = (name: string): Coroutine<unknown> => {
          const index = Number(name.at(-1));
          if (name.startsWith("get")) return gotFrom(index);
          if (name.startsWith("user")) return got(index);
          if (name.startsWith("put")) return queues[2].put(-1);
          return (locks[index] as Lock).acquire();
        };
        own.runUntilCompleteSync(function* () {
          const tasks = racers.map((names) =>
            createTask(function* () {
              for (let round = 0; round < 3; round++) {
                const value = yield* race(names.map(entrantOf));
                if (value === undefined) put++;
                else if (typeof value === "number") taken_++;
                else held[-1] = 0;
                if (value === true) won.push(names);
              }
            }),
          );
          const won: string[][] = [];
          for (const { kind, queue } of actions) {
            if (kind === "put" && !queues[queue as 0].full()) {
              queues[queue as 0].putNowait(1);
              put++;
            } else if (kind === "get" && queues[queue as 0].qsize() > 0) {
              queues[queue as 0].getNowait();
              taken_++;
            } else if (kind === "release" && locks[queue as 0].locked()) {
              // Held by the test, or by a race that has won it or is about to.
              if ((held[queue] as number) > 0) {
                held[queue] = 0;
                locks[queue as 0].release();
              }
            } else if (kind === "cancel") tasks[queue]?.cancel();
            else yield;
          }
          for (const task of tasks) task.cancel();
          for (const task of tasks) yield* thrownBy(joinOf(task));
          const left = queues.reduce((sum, queue) => sum + queue.qsize(), 0);
          // An item stays in the queue if its producer is cancelled in the turn in which it was
          // accepted.
          const most = racers.filter((names) => names.includes("put2")).length;
          // The result of a user's coroutine is dropped if its race is cancelled in that turn.
          const least = racers.filter((names) => names.some((name) => /user/.test(name))).length;
          const surplus = taken_ + left - put;
          expect(surplus).toBe(Math.min(Math.max(surplus, -least), most));
          const locked = locks.filter((lock) => lock.locked()).length;
          const mine = (held[0] as number) + (held[1] as number);
          expect(locked).toBe(mine + won.length);
        });
        own.close();
      },
    ),
    { numRuns: scale(100, 400) },
  );
});

test("a cancellation of a race that has failed replaces the error, which is reported", () => {
  const reports = collectReports(loop);
  const queue = new Queue<number>();
  const outcome = onLoop(function* () {
    const loser = createTask(function* () {
      try {
        yield* sleep(10);
      } finally {
        yield* sleep(10);
      }
    });
    const racer = createTask(() => race([loser, queue.get()]));
    yield* sleep(1);
    queue.shutdown();
    yield* sleep(1);
    racer.cancel();
    return yield* thrownBy(awaited(racer));
  });

  expect(outcome).toBeInstanceOf(CancelledError);
  expect(reports).toMatchObject([{ exception: expect.any(QueueShutDown) }]);
});

test("a cancelled race throws its task's CancelledError", () => {
  const error = onLoop(function* () {
    const task = yield* started(() => race([new Queue().get(), new Event().wait()]));
    task.cancel("stop");
    return yield* thrownBy(joinOf(task));
  });

  expect(error).toEqual(new CancelledError("stop"));
});
