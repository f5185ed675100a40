// Structures that users nest to any depth complete, fail, are cancelled and are described without
// recursion. One file, because all cases share the structures.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  type Coroutine,
  createTask,
  ExceptionGroup,
  type Future,
  formatCallGraph,
  formatTaskTree,
  gather,
  getRunningLoop,
  shield,
  sleep,
  Task,
  wait,
  waitFor,
} from "../../src/index.ts";
import { scale } from "../support/effort.ts";
import { runVirtually } from "../support/virtualLoop.ts";
import { type Layer, layers } from "./layers.ts";

const TIMEOUT = 60_000;
/** Number of layers where layers are cheap. */
const DEPTH = scale(10_000, 100_000, 20_000);
/**
 * Number of layers that take several turns and one or more generators each. They also work at
 * 100,000, but take seconds. A recursive implementation needs several native frames per layer, and
 * overflowed the stack at depths of 2,000 to 2,800.
 */
const LESS_DEEP = 4_000;
/** Number of layers that are tasks, each of which takes a few microseconds, and more in a page. */
const TASKS = scale(5_000, 100_000, 20_000);
const MANY = scale(10_000, 20_000);
const failure = new Error("from the bottom");

/** Layers that consist only of futures, which complete and are cancelled within one call. */
const CHEAP = /gather|shield/;
const ONE_TASK = /^task$|^wait$/;

// One chain is described and then gets its result, another is cancelled, and so on. Each is built
// once.
type Happening = "description and result" | "failure" | "cancellation" | "end of the run";

function* through(name: string, happening: Happening): Coroutine<unknown> {
  const bottom = getRunningLoop().createFuture<number>();
  const depth = CHEAP.test(name) ? DEPTH : ONE_TASK.test(name) ? TASKS : LESS_DEEP;
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
  if (happening === "description and result") {
    expect(formatTaskTree()).toContain(outcome.getName());
    expect(formatCallGraph(bottom)).toContain("Awaited by");
  }
  if (!bottom.done()) bottom.setResult(1);
  return yield* waitFor(outcome, 1000);
}

const expected: Record<Happening, (name: string) => string> = {
  "description and result": () => "result",
  "end of the run": () => "end of the run",
  cancellation: () => "CancelledError",
  failure: (name) => {
    if (name === "group") return "ExceptionGroup";
    return name === "gather that returns exceptions" ? "result" : "Error";
  },
};

describe.each(Object.keys(layers))("a deep chain of layers: %s", (name) => {
  test.each(Object.keys(expected) as Happening[])(
    "passes each of these through: %s",
    (happening) => {
      expect(runVirtually(through(name, happening))).toBe(expected[happening](name));
    },
    TIMEOUT,
  );
});

test(
  "a chain that mixes all kinds of layers ends with its result",
  () => {
    const kinds = Object.values(layers);
    const result = runVirtually(function* () {
      const bottom = getRunningLoop().createFuture<number>();
      let top: Future<unknown> = bottom;
      for (let i = 0; i < MANY; i++) top = (kinds[i % kinds.length] as Layer)(top);
      yield* sleep(1);
      bottom.setResult(1);
      yield* wait([top]);
      return top.exception();
    });

    expect(result).toBeUndefined();
  },
  TIMEOUT,
);

describe("a cycle of awaitables", () => {
  const links: Record<string, (next: Future<unknown>) => Future<unknown>> = {
    gather: (next) => gather([next]),
    "gather that returns exceptions": (next) =>
      gather([next, sleep(5)], { returnExceptions: true }),
    "gather of gathers": (next) => gather([gather([next, next])]),
    shield: (next) => shield(next),
  };

  test.each(Object.keys(links))(
    "ends when the run ends, and the run keeps its result: %s",
    (name) => {
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
    },
  );

  test("can be cancelled even if its tasks override cancel() and call super.cancel()", () => {
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

test("a cancellation visits each gather only once, even if many gathers share their children", () => {
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

test("waiters of one future can stop waiting in any order, and the others are notified in order", () => {
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

test("an error in one waiter does not prevent the others from being notified", () => {
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

test("random graphs of gathers and shields wake their waiters in the order of a recursive model", () => {
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
      /**
       * The waiters of each node, in order. A node's own waiter comes after the nodes made from it.
       */
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

test("an exception group of any depth can be split, and keeps its nested groups", () => {
  const inner = new TypeError("inner");
  const { stackTraceLimit } = Error;
  // Translating each stack trace would take most of the time.
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
  "the task tree of tasks that all await one gather is complete",
  () => {
    const lines = runVirtually(function* () {
      const children = Array.from({ length: 100 }, () => createTask(() => sleep(1e6)));
      let all: Future<unknown> = gather(children);
      for (let i = 0; i < 1000; i++) all = gather([all]);
      for (let i = 0; i < 3; i++) createTask(waitFor(all, null));
      yield* sleep(1);
      return formatTaskTree().split("\n").length;
    });

    expect(lines).toBe(1 + 3 + 100 + 2);
  },
  TIMEOUT,
);
