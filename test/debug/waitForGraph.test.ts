// Which tasks are reported as waiting for which, when nothing can happen anymore. One file, because
// all cases read the same kind of graph.

import { describe, expect, test } from "vitest";
import {
  asCompleted,
  Barrier,
  BoundedSemaphore,
  Condition,
  type Coroutine,
  createTask,
  DeadlockError,
  Event,
  type Future,
  gather,
  getRunningLoop,
  Lock,
  mapConcurrent,
  Queue,
  type RunOptions,
  race,
  run,
  runSync,
  Semaphore,
  shield,
  sleep,
  type Task,
  taskGroup,
  timeout,
  wait,
  waitFor,
} from "../../src/index.ts";
import { VirtualClock } from "../../src/testing.ts";

/** The error of a program that waits forever on a virtual clock. */
function deadlockOf(main: () => Coroutine<unknown>, options: RunOptions = {}): DeadlockError {
  try {
    runSync(main, { clock: new VirtualClock(), ...options });
  } catch (error) {
    if (error instanceof DeadlockError) return error;
    throw error;
  }
  throw new Error("It ended");
}

/** The line of the message about the task with this name. */
function lineOf({ message }: DeadlockError, name: string): string | undefined {
  return message
    .split("\n")
    .find((line) => line.startsWith(`    Task "${name}"`))
    ?.trim();
}

function* twoLocks(): Coroutine<void> {
  const [one, other] = [new Lock(), new Lock()];
  function* both(first: Lock, second: Lock): Coroutine<void> {
    yield* first.acquire();
    yield;
    yield* second.acquire();
  }
  const a = createTask(both(one, other), { name: "a" });
  const b = createTask(both(other, one), { name: "b" });
  yield* gather([a, b]);
}

describe("tasks that wait for each other", () => {
  test("are listed with the locks they wait for and their holders, and marked as a cycle", () => {
    const error = deadlockOf(twoLocks);

    expect(lineOf(error, "a")).toBe('Task "a" waits for Lock 1 held by Task "b" <- in a cycle');
    expect(lineOf(error, "b")).toBe('Task "b" waits for Lock 2 held by Task "a" <- in a cycle');
    expect(error.message).toMatch(/waits for Gather of Task "a" and Task "b"$/m);
    expect(error.message).toMatch(/^Nothing is ready and no timer is pending/);
  });

  test("are also available as a graph, with an edge for each wait", () => {
    const { graph } = deadlockOf(twoLocks);
    // By identity, because comparing futures by their contents would iterate them.
    const names = graph.map(({ tasks }) =>
      tasks.map((task) => graph.find((wait) => wait.task === task)?.name),
    );

    expect(graph.map(({ what }) => what)).toEqual([
      'Gather of Task "a" and Task "b"',
      'Lock 1 held by Task "b"',
      'Lock 2 held by Task "a"',
    ]);
    expect(names).toEqual([["a", "b"], ["b"], ["a"]]);
    expect(graph.map(({ isInCycle }) => isInCycle)).toEqual([false, true, true]);
    expect(graph[1]?.resources[0]).toBeInstanceOf(Lock);
    expect(graph[1]?.location).toBeUndefined();
  });

  test("are serialized to JSON as descriptions, without the tasks themselves", () => {
    const [, a] = JSON.parse(JSON.stringify(deadlockOf(twoLocks).graph));

    expect(a).toEqual({ name: "a", what: 'Lock 1 held by Task "b"', isInCycle: true });
    expect(Object.keys(deadlockOf(twoLocks).graph[1] as object).sort()).toEqual([
      "isInCycle",
      "location",
      "name",
      "what",
    ]);
  });

  test("are listed with their locations in debug mode", () => {
    const error = deadlockOf(twoLocks, { debug: true });

    expect(lineOf(error, "a")).toMatch(
      /in .*acquire, called from both \(.*waitForGraph\.test.*:\d+:\d+\)/,
    );
    expect(error.graph.map(({ location }) => location)).toEqual(
      Array(3).fill(expect.stringMatching(/waitForGraph\.test.*:\d+:\d+$/)),
    );
  });

  test("are found behind a shield, a group and a gather", () => {
    const error = deadlockOf(function* () {
      const a: Task<unknown> = createTask(
        function* () {
          yield;
          yield* shield(b);
        },
        { name: "a" },
      );
      const b: Task<unknown> = createTask(
        function* () {
          yield* taskGroup(function* (group) {
            group.createTask(() => on(() => gather([c, sleep(1)])), { name: "child" });
          });
        },
        { name: "b" },
      );
      const c = createTask(
        function* () {
          yield* wait([a]);
        },
        { name: "c" },
      );
      yield* c;
    });

    expect(
      error.graph
        .filter(({ isInCycle }) => isInCycle)
        .map(({ name }) => name)
        .sort(),
    ).toEqual(["a", "b", "c", "child"]);
  });

  test("include a task that acquires a lock twice, which waits for itself", () => {
    const error = deadlockOf(function* () {
      const lock = new Lock();
      yield* lock.acquire();
      yield* lock.acquire();
    });

    expect(error.message).toMatch(
      /Task "Task-(\d+)" waits for Lock 1 held by Task "Task-\1" <- in a cycle/,
    );
  });
});

test.each<[string, string, () => Coroutine<unknown>]>([
  ["a task", 'Task "stuck"', () => on(stuck)],
  ["an event", "Event 1", () => new Event().wait()],
  ["a barrier", "Barrier 1", () => new Barrier(2).wait()],
  ["an empty queue", "an item from Queue 1", () => new Queue().get()],
  ["a full queue", "space in Queue 1", () => putTwice(new Queue(1))],
  ["a queue's end", "the last taskDone() of Queue 1", () => joined(new Queue())],
  ["a bare future", "Future", () => on(() => getRunningLoop().createFuture())],
  ["a permit", 'Semaphore 1 held by Task "victim"', () => twice(new Semaphore(1))],
  ["a bounded permit", 'Semaphore 1 held by Task "victim"', () => twice(new BoundedSemaphore(1))],
  ["a condition", "Condition 1", () => notified(new Condition())],
  ["gather", 'Gather of Task "stuck"', () => on(() => gather([stuck()]))],
  ["a shield", 'Shield of Task "stuck"', () => on(() => shield(stuck()))],
  ["wait", 'Wait of Task "stuck"', () => wait([stuck()])],
  ["race", 'Race of Task "stuck"', () => race([stuck()])],
  [
    "a race of operations",
    'Race of Task "stuck", an item from Queue 1 and Semaphore 2 held by Task "victim"',
    () => raceForPermit(new Semaphore(1)),
  ],
  ["waitFor", 'Task "stuck"', () => waitFor(stuck(), null)],
  [
    "a timeout without a deadline",
    'Task "stuck"',
    () => timeout(null, () => waitFor(stuck(), null)),
  ],
  ["asCompleted", 'AsCompleted of Task "stuck"', () => first(asCompleted([stuck()]))],
  [
    "a group",
    'TaskGroup of Task "inner"',
    () =>
      taskGroup(function* (group) {
        group.createTask(new Event().wait(), { name: "inner" });
      }),
  ],
  ["mapConcurrent", "TaskGroup of Task", () => mapConcurrent([1], () => new Event().wait())],
])("the message of a DeadlockError describes a task that waits for %s", (_, words, make) => {
  const error = deadlockOf(function* () {
    yield* createTask(make, { name: "victim" });
  });

  expect(lineOf(error, "victim")).toContain(`Task "victim" waits for ${words}`);
});

function* raceForPermit(semaphore: Semaphore): Coroutine<unknown> {
  yield* race([semaphore.acquire(), new Event().wait()]);
  return yield* race([new Queue().get(), stuck(), semaphore.acquire()]);
}

/** Awaits the future returned by `make`. */
function* on(make: () => Future<unknown>): Coroutine<unknown> {
  return yield* make();
}

function stuck(): Task<unknown> {
  return createTask(new Event().wait(), { name: "stuck" });
}

function* putTwice(queue: Queue<number>): Coroutine<void> {
  yield* queue.put(1);
  yield* queue.put(2);
}

function* joined(queue: Queue<number>): Coroutine<void> {
  queue.putNowait(1);
  yield* queue.join();
}

function* twice(semaphore: Semaphore): Coroutine<void> {
  yield* semaphore.acquire();
  yield* semaphore.acquire();
}

function* notified(condition: Condition): Coroutine<void> {
  yield* condition.acquire();
  yield* condition.wait();
}

function* first(all: Iterable<Coroutine<unknown>>): Coroutine<void> {
  for (const next of all) yield* next;
}

test("a task that ended without releasing its lock is still named as the holder", () => {
  const error = deadlockOf(function* () {
    const lock = new Lock();
    yield* createTask(lock.acquire(), { name: "forgetful" });
    yield* lock.acquire();
  });

  expect(error.message).toContain('waits for Lock 1 held by Task "forgetful", which has ended');
  expect(error.graph[0]?.tasks).toEqual([]);
});

test("a semaphore has no known holder once a task has released another task's permit", () => {
  const error = deadlockOf(function* () {
    const semaphore = new Semaphore(1);
    yield* createTask(semaphore.acquire());
    semaphore.release();
    yield* semaphore.acquire();
    semaphore.release();
    yield* new Event().wait();
  });

  expect(error.message).not.toContain("held");
});

test("a lock that was handed over is held by its new holder", () => {
  const error = deadlockOf(function* () {
    const lock = new Lock();
    yield* lock.acquire();
    createTask(lock.acquire(), { name: "second" });
    createTask(lock.acquire(), { name: "third" });
    yield;
    lock.release();
    yield* sleep(1);
    yield* new Event().wait();
  });

  expect(lineOf(error, "third")).toBe(
    'Task "third" waits for Lock 2 held by Task "second", which has ended',
  );
});

test("a DeadlockError's message lists only some of many tasks, and its graph lists all of them", () => {
  const { graph, message } = deadlockOf(function* () {
    let last: Task<unknown> = stuck();
    for (let i = 0; i < 2_000; i++) {
      const inner = last;
      last = createTask(function* () {
        yield* inner;
      });
    }
    yield* last;
  });

  expect(graph).toHaveLength(2_002);
  expect(message.split("\n")).toHaveLength(52);
  expect(message).toMatch(/and 1952 more$/);
});

describe("run() on a virtual clock", () => {
  test("rejects with a DeadlockError instead of hanging", async () => {
    const error: unknown = await run(twoLocks, { clock: new VirtualClock() }).catch(
      (reason) => reason,
    );

    expect(error).toBeInstanceOf(DeadlockError);
    expect(lineOf(error as DeadlockError, "a")).toContain('held by Task "b"');
  });

  test("keeps waiting while an async function unknown to the loop can still complete the awaited future", async () => {
    const outcome = await run(
      function* () {
        const future = getRunningLoop().createFuture<string>();
        void (async () => {
          for (let i = 0; i < 100; i++) await undefined;
          future.setResult("it came");
        })();
        return yield* future;
      },
      { clock: new VirtualClock() },
    );

    expect(outcome).toBe("it came");
  });

  test("cleans up tasks that wait forever", async () => {
    const trace: string[] = [];
    const main = function* () {
      try {
        yield* new Event().wait();
      } finally {
        yield* sleep(1_000);
        trace.push("cleaned");
      }
    };

    await expect(run(main, { clock: new VirtualClock() })).rejects.toThrow(DeadlockError);
    expect(trace).toEqual(["cleaned"]);
  });
});

test("runForever() on a virtual clock waits until something stops it", async () => {
  const { newEventLoop } = await import("../../src/index.ts");
  const loop = newEventLoop({ clock: new VirtualClock() });
  const running = loop.runForever();
  await new Promise((resolve) => setTimeout(resolve, 20));
  loop.stop();
  await running;
  loop.close();
});
