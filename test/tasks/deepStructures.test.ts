// What users chain to any depth completes, fails, is cancelled and is described without recursion.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { formatCallGraph } from "../../src/debug/callGraph.ts";
import { formatTaskTree } from "../../src/debug/taskTree.ts";
import { getRunningLoop } from "../../src/eventLoop.ts";
import { ContextVar } from "../../src/loop/context.ts";
import { asCompleted } from "../../src/tasks/asCompleted.ts";
import { createTask } from "../../src/tasks/awaitable.ts";
import type { Coroutine } from "../../src/tasks/coroutine.ts";
import { ExceptionGroup } from "../../src/tasks/exceptionGroup.ts";
import type { Future } from "../../src/tasks/future.ts";
import { gather } from "../../src/tasks/gather.ts";
import { mapConcurrent } from "../../src/tasks/mapConcurrent.ts";
import { race } from "../../src/tasks/race.ts";
import { shield } from "../../src/tasks/shield.ts";
import { sleep } from "../../src/tasks/sleep.ts";
import { Task } from "../../src/tasks/task.ts";
import { taskGroup } from "../../src/tasks/taskGroup.ts";
import { timeout } from "../../src/tasks/timeout.ts";
import { wait } from "../../src/tasks/wait.ts";
import { waitFor } from "../../src/tasks/waitFor.ts";
import { runVirtually } from "../support/virtualLoop.ts";

const TIMEOUT = 60_000;
const DEPTH = 100_000;
/** Of what takes several turns a layer: more than a native stack holds. */
const LESS_DEEP = 4_000;
const MANY = 20_000;
const failure = new Error("from the bottom");
const depthVariable = new ContextVar<number>("depth");

type Layer = (inner: Future<unknown>) => Future<unknown>;

/** Each puts one layer around a future. */
const layers: Record<string, Layer> = {
  gather: (inner) => gather([inner]),
  "gather that returns exceptions": (inner) => gather([inner], { returnExceptions: true }),
  "gather of two": (inner) => gather([inner, inner]),
  shield: (inner) => shield(inner),
  "shield and gather": (inner) => shield(gather([inner])),
  task: (inner) =>
    createTask(function* () {
      return yield* inner;
    }),
  wait: (inner) =>
    createTask(function* () {
      const { done } = yield* wait([inner]);
      for (const future of done) future.result();
    }),
  waitFor: (inner) => createTask(waitFor(inner, 1e9)),
  timeout: (inner) =>
    createTask(
      timeout(1e9, function* () {
        return yield* inner;
      }),
    ),
  race: (inner) => createTask(race([inner])),
  asCompleted: (inner) =>
    createTask(function* () {
      for (const next of asCompleted([inner])) yield* next;
    }),
  group: (inner) =>
    createTask(
      taskGroup(function* (group) {
        group.createTask(
          (function* () {
            yield* inner;
          })(),
        );
      }),
    ),
  mapConcurrent: (inner) =>
    createTask(
      mapConcurrent([inner], function* (future) {
        return yield* future;
      }),
    ),
  "task in a context of its own": (inner) => {
    depthVariable.set(depthVariable.get(0) + 1);
    return createTask(function* () {
      return yield* inner;
    });
  },
};

/** Layers that are futures only, which complete and are cancelled within one call. */
const atOnce = Object.keys(layers).filter((name) => /gather|shield/.test(name));

type Happening = "result" | "failure" | "cancellation" | "description" | "end of the run";

function* through(name: string, happening: Happening): Coroutine<unknown> {
  const bottom = getRunningLoop().createFuture<number>();
  const depth = atOnce.includes(name) || name === "task" ? DEPTH : LESS_DEEP;
  let top: Future<unknown> = bottom;
  for (let i = 0; i < depth; i++) top = (layers[name] as Layer)(top);
  const outcome = createTask(function* () {
    try {
      yield* top;
      return "result";
    } catch (error) {
      return (error as Error).name;
    }
  });
  yield* sleep(1);
  if (happening === "end of the run") return happening;
  if (happening === "failure") bottom.setException(failure);
  if (happening === "cancellation") outcome.cancel();
  if (happening === "description") {
    expect(formatTaskTree()).toContain(outcome.getName());
    expect(formatCallGraph(bottom)).toContain("Awaited by");
  }
  if (!bottom.done()) bottom.setResult(1);
  return yield* waitFor(outcome, 1000);
}

const expected: Record<Happening, (name: string) => string> = {
  result: () => "result",
  description: () => "result",
  "end of the run": () => "end of the run",
  cancellation: () => "CancelledError",
  failure: (name) => {
    if (name === "group") return "ExceptionGroup";
    return name === "gather that returns exceptions" ? "result" : "Error";
  },
};

describe.each(Object.keys(layers))("a deep chain of layers: %s", (name) => {
  test.each(Object.keys(expected) as Happening[])(
    "passes through all: %s",
    (happening) => {
      expect(runVirtually(through(name, happening))).toBe(expected[happening](name));
    },
    TIMEOUT,
  );
});

describe("a ring of awaitables", () => {
  const links: Record<string, (next: Future<unknown>) => Future<unknown>> = {
    gather: (next) => gather([next]),
    "gather that returns exceptions": (next) =>
      gather([next, sleep(5)], { returnExceptions: true }),
    "gather of gathers": (next) => gather([gather([next, next])]),
    shield: (next) => shield(next),
  };

  test.each(Object.keys(links))("ends with the run, whose result is kept: %s", (name) => {
    const ring: Task<void>[] = [];
    const result = runVirtually(function* () {
      for (let i = 0; i < 3; i++) {
        ring.push(
          createTask(function* () {
            yield* (links[name] as Layer)(ring[(i + 1) % 3] as Task<void>);
          }),
        );
      }
      yield* sleep(1);
      return "kept";
    });

    expect(result).toBe("kept");
    expect(ring.every((task) => task.done())).toBe(true);
  });

  test("ends where tasks override cancel() and call that of their class", () => {
    class Telling extends Task<void> {
      told = 0;
      override cancel(message?: string): boolean {
        this.told++;
        return super.cancel(message);
      }
    }
    const ring: Task<void>[] = [];
    const told = runVirtually(function* () {
      getRunningLoop().setTaskFactory((on, body) => new Telling(on, body as never) as never);
      for (const next of [1, 0]) {
        ring.push(
          createTask(function* () {
            yield* gather([ring[next] as Task<void>]);
          }),
        );
      }
      yield* sleep(1);
      ring[0]?.cancel();
      yield* sleep(1);
      return ring.map((task) => [task.cancelled(), (task as Telling).told]);
    });

    expect(told).toEqual([
      [true, 1],
      [true, 1],
    ]);
  });
});

test("a cancellation goes once through gathers that share their children, however many ways there are", () => {
  const leaves = runVirtually(function* () {
    const leaves = [createTask(() => sleep(1e6)), createTask(() => sleep(1e6))] as const;
    let pair: readonly [Future<unknown>, Future<unknown>] = leaves;
    for (let i = 0; i < 100; i++) pair = [gather(pair), gather(pair)];
    const top = createTask(waitFor(gather(pair), null));
    yield* sleep(1);
    top.cancel();
    yield* wait([top]);
    return leaves.map((leaf) => [leaf.cancelled(), leaf.cancelling()]);
  });

  expect(leaves).toEqual([
    [true, 2],
    [true, 2],
  ]);
});

test("waiters of one future leave it in any order, and the others are notified in theirs", () => {
  const order = runVirtually(function* () {
    const future = getRunningLoop().createFuture<void>();
    const woken: number[] = [];
    const tasks = Array.from({ length: MANY }, (_, i) =>
      createTask(function* () {
        yield* shield(future);
        woken.push(i);
      }),
    );
    yield* sleep(1);
    for (let i = MANY - 1; i >= 0; i--) if (i % 1000 !== 0) tasks[i]?.cancel();
    yield* sleep(1);
    future.setResult();
    yield* sleep(1);
    return woken;
  });

  expect(order).toEqual(Array.from({ length: MANY / 1000 }, (_, i) => i * 1000));
});

test("an error in a notification keeps no other waiter from being notified", () => {
  const heard = runVirtually(function* () {
    const heard: string[] = [];
    const future = getRunningLoop().createFuture<void>();
    const outer = shield(future);
    const broken = {
      _notify(): void {
        throw failure;
      },
    };
    for (const each of [future, outer]) {
      each._addWaiter(broken);
      each._addWaiter({ _notify: () => heard.push(each === future ? "future" : "shield") });
    }
    expect(() => future.setResult()).toThrow(failure);
    return heard;
  });

  expect(heard).toEqual(["shield", "future"]);
});

test("random graphs of gathers and shields wake their waiters in the order of a recursion", () => {
  const shape = fc.array(
    fc.record({
      isShield: fc.boolean(),
      parts: fc.array(fc.nat(), { minLength: 1, maxLength: 3 }),
    }),
    { minLength: 1, maxLength: 12 },
  );
  fc.assert(
    fc.property(shape, (nodes) => {
      const woken: number[] = [];
      /** By node: who waits for it, in order. A waiter of its own comes after the nodes made of it. */
      const above: number[][] = [[]];
      const left: number[] = [0];
      runVirtually(function* () {
        const bottom = getRunningLoop().createFuture<void>();
        const futures: Future<unknown>[] = [bottom];
        for (const { isShield, parts } of nodes) {
          const own = parts.slice(0, isShield ? 1 : 3).map((part) => part % futures.length);
          const inner = own.map((index) => futures[index] as Future<unknown>);
          futures.push(isShield ? shield(inner[0] as Future<unknown>) : gather(inner));
          above.push([]);
          left.push(own.length);
          for (const index of own) above[index]?.push(futures.length - 1);
        }
        futures.forEach((future, index) => {
          future.addDoneCallback(() => woken.push(index));
        });
        bottom.setResult();
        yield* sleep(1);
      });

      const told: number[] = [];
      const finish = (node: number): void => {
        for (const next of above[node] as number[]) {
          left[next] = (left[next] as number) - 1;
          if (left[next] === 0) finish(next);
        }
        told.push(node);
      };
      finish(0);
      expect(woken).toEqual(told);
    }),
  );
});

test("an exception group of any depth splits, and keeps what is nested in it", () => {
  const inner = new TypeError("inner");
  const { stackTraceLimit } = Error;
  // To translate each stack trace would take most of the time.
  Error.stackTraceLimit = 0;
  let group = new ExceptionGroup([inner, failure], "layer 0");
  for (let i = 1; i <= LESS_DEEP; i++) group = new ExceptionGroup([group], `layer ${i}`);

  const [matching, rest] = group.split(TypeError);
  Error.stackTraceLimit = stackTraceLimit;
  const bottoms = [matching, rest].map((half) => {
    let depth = 0;
    let error: unknown = half;
    for (; error instanceof ExceptionGroup; error = error.errors[0]) depth++;
    return [depth, error];
  });

  expect(bottoms).toEqual([
    [LESS_DEEP + 1, inner],
    [LESS_DEEP + 1, failure],
  ]);
  expect(group.subgroup(RangeError)).toBeUndefined();
});

test(
  "the task tree of tasks that all await one gather is told in full",
  () => {
    const lines = runVirtually(function* () {
      const children = Array.from({ length: 100 }, () => createTask(() => sleep(1e6)));
      let all: Future<unknown> = gather(children);
      for (let i = 0; i < 1000; i++) all = gather([all]);
      for (let i = 0; i < 3; i++) createTask(waitFor(all, null));
      yield* sleep(1);
      return formatTaskTree().split("\n").length;
    });

    expect(lines).toBe(1 + 3 + 3 * 100);
  },
  TIMEOUT,
);
