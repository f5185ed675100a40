import { afterEach, beforeEach, describe, expect, test } from "vitest";
import {
  allTasks,
  type Coroutine,
  createTask,
  currentTask,
  type EventLoop,
  type ExceptionContext,
  gather,
  getRunningLoop,
  Lock,
  type LoopHooks,
  Queue,
  sleep,
  type Task,
  timeout,
} from "../../src/index.ts";
import { explore } from "../../src/testing.ts";
import { collectReports } from "../support/reports.ts";
import { newVirtualLoop } from "../support/virtualLoop.ts";

let loop: EventLoop;
let reports: ExceptionContext[];

beforeEach(() => {
  loop = newVirtualLoop();
  reports = collectReports(loop);
});

afterEach(() => {
  loop.close();
  expect(reports).toEqual([]);
});

const nameOf = (task: Task<unknown> | undefined) => task?.getName() ?? "nobody";

describe("hooks", () => {
  test("are called when a task starts, steps, waits, wakes and ends", async () => {
    const trace: string[] = [];
    await loop.runUntilComplete(function* () {
      const lock = new Lock();
      yield* lock.acquire();
      const remove = loop.instrument({
        taskStarted: (task, parent) => trace.push(`${nameOf(task)} by ${nameOf(parent)}`),
        stepBegins: (task) => trace.push(`> ${nameOf(task)}`),
        stepEnds: (task) => trace.push(`< ${nameOf(task)}`),
        taskWaits: (task) => trace.push(`${nameOf(task)} waits`),
        taskWakes: (task, by) => trace.push(`${nameOf(task)} woken by ${by === child ? "b" : "a"}`),
        taskEnds: (task) => trace.push(`${nameOf(task)} ends`),
      });
      const child: Task<unknown> = createTask(() => lock.acquire(), { name: "b" });
      yield;
      lock.release();
      yield* child;
      remove();
    });

    expect(trace.map((line) => line.replaceAll(/Task-\d+/g, "a"))).toEqual([
      ...["b by a", "> b", "< b", "b waits"],
      ...["> a", "b woken by a", "< a", "a waits"],
      ...["> b", "a woken by b", "< b", "b ends", "> a"],
    ]);
  });

  test("receive no parent for a task that a callback has created", async () => {
    const parents: unknown[] = [];
    const remove = loop.instrument({ taskStarted: (_, parent) => parents.push(parent) });
    await loop.runUntilComplete(function* () {
      const created = loop.createFuture<Task<void>>();
      loop.callSoon(() => created.setResult(createTask(sleep(1))));
      yield* yield* created;
      remove();
    });

    expect(parents).toEqual([undefined, undefined]);
  });

  test("are called neither for the beginning nor for the end of a wait that ends in the step it began in", async () => {
    const trace: string[] = [];
    loop.instrument({
      stepBegins: (task) => trace.push(`> ${task.getName()}`),
      taskWaits: (task) => trace.push(`${task.getName()} waits`),
      taskWakes: (task) => trace.push(`${task.getName()} wakes`),
      taskEnds: (task) => trace.push(`${task.getName()} ends`),
    });
    const main = loop.createTask(
      function* () {
        const self = currentTask();
        self?.cancel();
        try {
          yield* sleep(10);
        } catch {
          self?.uncancel();
        }
        yield* sleep(1);
      },
      { name: "main" },
    );
    await loop.runUntilComplete(main);

    expect(trace).toEqual([
      ...["> main", "> main", "main waits", "main wakes", "> main", "main ends"],
    ]);
  });

  test("are called for the end of a sleep only if they were called for its beginning", async () => {
    const trace: string[] = [];
    const hooks = (name: string): LoopHooks => ({
      sleeps: () => trace.push(`${name} sleeps`),
      idleEnds: () => trace.push(`${name} continues`),
    });
    const remove = loop.instrument(hooks("first"));
    await loop.runUntilComplete(function* () {
      yield* sleep(1);
      remove();
      yield* sleep(1);
      loop.instrument(hooks("second"));
      yield* sleep(1); // in a slice that began without hooks
      yield* sleep(1);
    });

    expect(trace).toEqual([
      ...["first sleeps", "first continues", "second sleeps", "second continues"],
    ]);
  });

  test("are called for timers, from their addition to their end", async () => {
    const trace: string[] = [];
    loop.instrument({
      timerAdded: (when) => trace.push(`added for ${when}`),
      timerFired: (lateBy) => trace.push(`fired ${lateBy} late`),
      timerRemoved: () => trace.push("removed"),
      callbackBegins: () => trace.push("callback"),
      sleeps: (until) => trace.push(`sleeps until ${until}`),
      idleEnds: () => trace.push("idle ends"),
    });
    await loop.runUntilComplete(function* () {
      loop.callLater(5, () => trace.push("called"));
      loop.callLater(9, () => undefined).cancel();
      yield* sleep(7);
    });

    expect(trace).toEqual([
      ...["added for 5", "added for 9", "removed", "added for 7", "sleeps until 5", "idle ends"],
      ...["fired 0 late", "callback", "called", "sleeps until 7", "idle ends", "fired 0 late"],
      "callback", // which stops the loop
    ]);
  });

  test("of several calls of instrument() run in the order of the calls, until they are removed", async () => {
    const trace: string[] = [];
    const hooks = (name: string): LoopHooks => ({ stepEnds: () => trace.push(name) });
    const same = hooks("same");
    const removers = [hooks("first"), same, same, hooks("last")].map((each) =>
      loop.instrument(each),
    );
    removers[1]?.();
    removers[1]?.();
    await loop.runUntilComplete(function* () {
      removers[0]?.();
      yield;
    });

    expect(trace).toEqual(["same", "last", "same", "last"]);
  });

  test("are removed when one of them throws, which is reported once", async () => {
    let calls = 0;
    const error = new Error("of the hook");
    loop.instrument({
      stepBegins: () => {
        throw error;
      },
      stepEnds: () => calls++,
    });
    await loop.runUntilComplete(function* () {
      for (let step = 0; step < 3; step++) yield;
    });

    expect(calls).toBe(0);
    expect(reports.splice(0)).toEqual([
      { message: "The hook `stepBegins` threw and was removed", exception: error },
    ]);
  });

  test("may cancel what is about to run", async () => {
    const ran: string[] = [];
    const ends: string[] = [];
    const remove = loop.instrument({
      callbackBegins: (handle) => handle.cancel(),
      callbackEnds: () => ends.push("callback"),
    });
    for (let i = 0; i < 3; i++) loop.callSoon(() => ran.push("callback"));
    loop.callLater(1, () => ran.push("later"));
    await loop.runUntilComplete(function* () {
      yield* sleep(2);
      remove();
      yield* sleep(1);
      ran.push("task");
    });

    expect([ran, ends]).toEqual([["task"], Array(4).fill("callback")]);
  });

  test("may cancel the sleep that is about to end", async () => {
    let sleeper: Task<void> | undefined;
    loop.instrument({ timerFired: () => sleeper?.cancel() });
    const outcome = await loop.runUntilComplete(function* () {
      sleeper = createTask(sleep(1));
      yield* sleep(0.5);
      const first = yield* gather([sleeper], { returnExceptions: true });
      yield* sleep(1);
      return first;
    });

    expect(outcome).toMatchObject([{ name: "CancelledError" }]);
  });

  describe("that are called when a timer is removed", () => {
    /** Calls `again` while the first timer is removed, and then adds a timer that reuses its slot. */
    function onRemoval(again: () => void): () => boolean {
      let hasRun = false;
      const remove = loop.instrument({
        timerRemoved: () => {
          remove();
          again();
          loop.callLater(1, () => {
            hasRun = true;
          });
        },
      });
      return () => hasRun;
    }

    test("may cancel its handle again", async () => {
      const handle = loop.callLater(5, () => undefined);
      handle.cancel();
      const again = loop.callLater(5, () => undefined);
      const other = loop.instrument({});
      const late = loop.callLater(5, () => undefined);
      const hasRun = onRemoval(() => late.cancel());
      late.cancel();
      again.cancel();
      other();
      await loop.runUntilComplete(sleep(3));
      expect(hasRun()).toBe(true);
    });

    test("may cancel the sleeping task again", async () => {
      await loop.runUntilComplete(function* () {
        const other = loop.instrument({});
        const sleeper = createTask(sleep(500));
        yield;
        yield;
        const hasRun = onRemoval(() => sleeper.cancel());
        sleeper.cancel();
        other();
        yield* sleep(3);
        expect([hasRun(), sleeper.cancelled()]).toEqual([true, true]);
      });
    });

    test("may move the deadline of its timeout again", async () => {
      await loop.runUntilComplete(function* () {
        const other = loop.instrument({});
        const ended = yield* timeout(500, function* (scope) {
          const hasRun = onRemoval(() => scope.reschedule(loop.time() + 100));
          scope.reschedule(loop.time() + 2);
          other();
          yield* sleep(50);
          return [hasRun(), scope.when()];
        });
        expect(ended).toEqual([true, 100]);
      });
    });
  });

  test.each(["timerAdded", "timerRemoved"] as const)(
    "may move the deadline that is being moved: %s",
    async (name) => {
      const when: (number | undefined)[] = [];
      await loop.runUntilComplete(function* () {
        let moves = 0;
        loop.instrument({}); // so that the removal of the first timer is reported
        yield* timeout(10, function* (scope) {
          loop.instrument({
            [name]: () => {
              if (moves++ === 0) scope.reschedule(200);
            },
          });
          scope.reschedule(100);
          // They reuse the slots that are free.
          for (let i = 0; i < 3; i++) loop.callLater(1, () => when.push(loop.time()));
          yield* sleep(150);
          when.push(scope.when());
        });
      });
      expect(when).toEqual([1, 1, 1, 200]);
      expect([...loop._slots]).toEqual([]);
    },
  );

  test.each([1, 2, 3])("may move a deadline %d times just after it passed", async (count) => {
    await loop.runUntilComplete(function* () {
      let isFirst = true;
      const ended = yield* timeout(50, function* (scope) {
        loop.instrument({
          timerFired: () => {
            if (!isFirst) return;
            isFirst = false;
            for (let i = 1; i <= count; i++) scope.reschedule(100 * i);
          },
        });
        scope.reschedule(5);
        yield* sleep(60);
        return [scope.when(), scope.expired()];
      });
      expect(ended).toEqual([100 * count, false]);
    });
    expect([...loop._slots]).toEqual([]);
  });

  test("are not called for a timer that is stopped after its loop was closed", async () => {
    const another = newVirtualLoop();
    let removed = 0;
    another.instrument({ timerRemoved: () => removed++ });
    const sleeper = another.createTask(sleep(500));
    another.callLater(1, () => another.stop());
    another.runForeverSync();
    another.close();
    sleeper.cancel();
    expect(removed).toBe(0);
  });

  test("must be functions", () => {
    expect(() => loop.instrument({ taskEnds: 1 } as unknown as LoopHooks)).toThrow(
      "Expected `taskEnds` to be a function, got `1` (number)",
    );
    expect(() => loop.instrument(null as unknown as LoopHooks)).toThrow(TypeError);
  });

  test("are called for the first step of an eager task inside the step that starts the task", async () => {
    const trace: string[] = [];
    loop.instrument({
      stepBegins: () => trace.push("("),
      stepEnds: () => trace.push(")"),
    });
    await loop.runUntilComplete(function* () {
      yield* createTask(() => sleep(1), { eagerStart: true });
    });

    expect(trace.join("")).toBe("(())()()");
  });
});

/** Fails if the hooks of a task don't alternate as they must. */
class Balance {
  readonly #steps: Task<unknown>[] = [];
  readonly #waiting = new Set<Task<unknown>>();
  readonly #alive = new Set<Task<unknown>>();

  readonly hooks: LoopHooks = {
    taskStarted: (task) => this.#alive.add(task),
    stepBegins: (task) => {
      if (this.#waiting.has(task)) throw new Error(`${nameOf(task)} steps while it waits`);
      this.#steps.push(task);
    },
    stepEnds: (task) => {
      if (this.#steps.pop() !== task) throw new Error(`${nameOf(task)} ends another's step`);
    },
    taskWaits: (task) => this.#waiting.add(task),
    taskWakes: (task) => {
      if (!this.#waiting.delete(task)) throw new Error(`${nameOf(task)} wakes without waiting`);
    },
    taskEnds: (task) => this.#alive.delete(task),
  };

  check(): void {
    // Only the step that checks has not ended.
    expect([this.#steps.length, this.#waiting.size, this.#alive.size]).toEqual([1, 0, 0]);
  }
}

/** Runs the tasks of `start` with hooks, of which one set throws at some call. */
function* watchedTasks(): Coroutine<void> {
  const running = getRunningLoop();
  const reported: unknown[] = [];
  running.setExceptionHandler((_, { message }) => reported.push(message));
  const balance = new Balance();
  let calls = 0;
  const remove = running.instrument(balance.hooks);
  running.instrument({
    taskWakes() {
      calls++;
      throw new Error("of the hook");
    },
  });
  yield; // The hooks don't see the rest of this step.
  const watched = start();
  yield* sleep(1);
  watched[1]?.cancel();
  yield;
  for (const task of watched) task.cancel();
  // A gather ends with its first cancelled child. The others end after it.
  while (allTasks().size > 1) yield;
  remove();
  expect([calls, reported]).toEqual([1, ["The hook `taskWakes` threw and was removed"]]);
  balance.check();
}

describe("calls of hooks come in pairs, and a hook that throws is removed and reported once,", () => {
  test("in any order of steps", async () => {
    await explore(watchedTasks, { runs: 60 });
  });

  test.each(["locked", "second", "getter", "putter", "timed", "gathering"])(
    "wherever the task `%s` is cancelled",
    async (name) => {
      await explore(watchedTasks, { runs: 20, cancelPoints: name });
    },
  );
});

function start(): Task<unknown>[] {
  const lock = new Lock();
  const queue = new Queue<number>(1);
  const bodies: Readonly<Record<string, () => Coroutine<unknown>>> = {
    locked: () => lock.with(() => sleep(2)),
    second: () => lock.with(() => sleep(1)),
    getter: () => queue.get(),
    *putter() {
      yield* queue.put(1);
      yield* queue.put(2);
    },
    timed: () => timeout(3, () => sleep(5)),
    *gathering() {
      yield* gather([sleep(1), sleep(4)]);
    },
  };
  return Object.entries(bodies).map(([name, body]) => createTask(body, { name }));
}
