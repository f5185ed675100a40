// Tests deep structures other than layers of futures: promises, coroutines in coroutines, contexts
// and rings. Nothing may recurse, and the work must grow in proportion to the depth.

import fc from "fast-check";
import { afterEach, describe, expect, test, vi } from "vitest";
import {
  allTasks,
  type Context,
  ContextVar,
  type Coroutine,
  copyContext,
  coroutine,
  createTask,
  Future,
  formatCallGraph,
  formatTaskTree,
  fromPromise,
  gather,
  getRunningLoop,
  Lock,
  moveOnAfter,
  race,
  retry,
  run,
  shield,
  sleep,
  Task,
  taskGroup,
  timeout,
  toPromise,
  wait,
  waitFor,
  withSignal,
  wrapFuture,
} from "../../src/index.ts";
import { VirtualClock } from "../../src/testing.ts";
import { scale } from "../support/effort.ts";
import { runVirtually } from "../support/virtualLoop.ts";
import { type Layer, layers } from "./layers.ts";

const TIMEOUT = 120_000;
/** A recursive implementation overflowed the stack at depths of 2,000 to 2,800. */
const DEPTH = scale(3_000, 20_000, 10_000);

afterEach(() => vi.restoreAllMocks());

/** Each returns a coroutine that awaits `inner`. */
const wrappings: Record<string, (inner: Coroutine<number>) => Coroutine<unknown>> = {
  "decorated functions": (inner) =>
    coroutine(function* () {
      return yield* inner;
    })(),
  waitFor: (inner) => waitFor(inner, 1e9),
  timeout: (inner) => timeout(1e9, () => inner),
  moveOnAfter: (inner) => moveOnAfter(1e9, () => inner),
  withSignal: (inner) => withSignal(new AbortController().signal, inner),
  race: (inner) => race([inner]),
  retry: (inner) => retry(() => inner, { attempts: 1 }),
  taskGroup: (inner) => taskGroup(() => inner),
  "lock.with": (inner) => new Lock().with(() => inner),
};

describe.each(Object.keys(wrappings))("coroutines nested deeply: %s", (name) => {
  const wrap = wrappings[name] as (typeof wrappings)[string];

  test.each(["result", "failure", "cancellation", "end of the run"])(
    "pass this through: %s",
    (happening) => {
      const outcome = runVirtually(function* () {
        const bottom = getRunningLoop().createFuture<number>();
        let nested = coroutine(function* () {
          return yield* bottom;
        })();
        for (let i = 0; i < DEPTH; i++) nested = wrap(nested) as Coroutine<number>;
        const task = createTask(nested);
        yield* sleep(1);
        if (happening === "result") bottom.setResult(7);
        if (happening === "failure") bottom.setException(new TypeError("from the bottom"));
        if (happening === "cancellation") task.cancel();
        if (happening === "end of the run") return happening;
        yield* wait([task]);
        if (task.cancelled()) return "cancelled";
        let error = task.exception();
        // Groups nest their errors.
        while (error instanceof AggregateError) error = error.errors[0];
        return (error as Error | undefined)?.name ?? task.result();
      });

      const expected: Record<string, unknown> = {
        result: 7,
        failure: "TypeError",
        cancellation: "cancelled",
      };
      expect(outcome).toBe(expected[happening] ?? happening);
    },
    TIMEOUT,
  );
});

describe("promises chained deeply", () => {
  const chains: Record<string, (inner: PromiseLike<number>) => PromiseLike<number>> = {
    then: (inner) => inner.then((value) => value),
    "an async function": async (inner) => await inner,
    "a future of a promise of a future": (inner) => wrapFuture(toPromise(inner)),
    "a promise that resolves to another": (inner) => new Promise((resolve) => resolve(inner)),
  };

  test.each(Object.keys(chains))(
    "settle when the future at their end is done, on real and on virtual time: %s",
    async (name) => {
      for (const clock of [undefined, new VirtualClock()]) {
        const value = await run(
          function* () {
            const bottom = getRunningLoop().createFuture<number>();
            let top: PromiseLike<number> = bottom;
            for (let i = 0; i < DEPTH; i++) top = chains[name]?.(top) as PromiseLike<number>;
            bottom.setResult(7);
            return yield* fromPromise(top);
          },
          { clock },
        );
        expect(value).toBe(7);
      }
    },
    TIMEOUT,
  );
});

test("contexts copied from copies keep their values, at any depth", () => {
  const variables = [new ContextVar<number>("a"), new ContextVar<number>("b")] as const;
  let context: Context = copyContext();
  for (let i = 0; i < DEPTH; i++) {
    context.run(() => variables[i % 2 === 0 ? 0 : 1].set(i));
    context = context.copy();
  }

  expect(variables.map((variable) => context.get(variable))).toEqual([DEPTH - 2, DEPTH - 1]);
});

test("in a chain of tasks that start one another, each inherits and changes a context variable, at any depth", () => {
  const depth = new ContextVar<number>("depth", { default: 0 });
  const below = function* (): Coroutine<number> {
    depth.set(depth.get() + 1);
    return depth.get() < DEPTH ? yield* createTask(below()) : depth.get();
  };

  expect(runVirtually(below)).toBe(DEPTH);
});

test("`copyContext().run` can be nested 1,000 deep", () => {
  const variable = new ContextVar<number>("depth", { default: 0 });
  const nest = (left: number): number => {
    variable.set(left);
    return left === 0 ? variable.get() : copyContext().run(nest, left - 1);
  };

  expect(nest(1_000)).toBe(0);
});

describe("the work for a chain of layers grows in proportion to its length", () => {
  /** Counts every call that touches a future or a task. */
  function countSteps(program: () => unknown): number {
    const spies = [
      ...(["_run", "_inspect", "_passesTo", "_beginCancel", "_endCancel", "_notify"] as const).map(
        (name) => vi.spyOn(Task.prototype, name),
      ),
      ...(["_finish", "_addWaiter", "_removeWaiter", "done"] as const).map((name) =>
        vi.spyOn(Future.prototype, name),
      ),
    ];
    program();
    const count = spies.reduce((sum, spy) => sum + spy.mock.calls.length, 0);
    vi.restoreAllMocks();
    return count;
  }

  function chain(layer: Layer, length: number, happening: string): void {
    runVirtually(function* () {
      getRunningLoop().setExceptionHandler(() => undefined);
      const bottom = getRunningLoop().createFuture<number>();
      let top: Future<unknown> = bottom;
      for (let i = 0; i < length; i++) top = layer(top);
      const task = createTask(wait([shield(top)]));
      yield* sleep(1);
      if (happening === "result") bottom.setResult(1);
      if (happening === "failure") bottom.setException(new Error("from the bottom"));
      if (happening === "cancellation") top.cancel();
      if (happening === "description") formatTaskTree();
      if (happening === "end of the run" || happening === "description") return;
      yield* task;
    });
  }

  const SHORT = 25;
  const FACTOR = 4;

  for (const [name, layer] of Object.entries(layers)) {
    for (const happening of [
      "result",
      "failure",
      "cancellation",
      "description",
      "end of the run",
    ]) {
      test(`${name}: ${happening}`, () => {
        const few = countSteps(() => chain(layer, SHORT, happening));
        const many = countSteps(() => chain(layer, FACTOR * SHORT, happening));

        expect(few).toBeGreaterThan(SHORT);
        // A quadratic algorithm would take 16 times as many.
        expect(many / few).toBeLessThan(FACTOR + 1);
      });
    }
  }
});

test("random graphs of waits, even with cycles, can be described, completed, cancelled and ended", () => {
  const kinds = ["gather", "shield", "wait", "waitFor", "race", "group", "yield*"] as const;
  const node = fc.record({
    kind: fc.constantFrom(...kinds),
    on: fc.array(fc.nat(), { minLength: 1, maxLength: 3 }),
  });
  const happening = fc.record({
    what: fc.constantFrom("result", "failure", "cancellation", "description"),
    node: fc.nat(),
  });
  fc.assert(
    fc.property(
      fc.array(node, { minLength: 2, maxLength: 12 }),
      fc.array(happening, { maxLength: 4 }),
      (nodes, happenings) => {
        const left = runVirtually(function* () {
          const loop = getRunningLoop();
          loop.setExceptionHandler(() => undefined);
          const bottom = loop.createFuture<number>();
          const all: Future<unknown>[] = [bottom];
          const tasks = nodes.map(({ kind, on }) =>
            createTask(function* (): Coroutine<unknown> {
              // All tasks exist by now, so some of them may wait for each other.
              const parts = on.map((index) => all[index % all.length] as Future<unknown>);
              const first = parts[0] as Future<unknown>;
              if (kind === "gather") return yield* gather(parts);
              if (kind === "shield") return yield* shield(first);
              if (kind === "wait") return yield* wait(parts);
              if (kind === "waitFor") return yield* waitFor(first, 50);
              if (kind === "race") return yield* race(parts);
              if (kind === "yield*") return yield* first;
              return yield* taskGroup(function* (group) {
                for (const part of parts) {
                  group.createTask(function* () {
                    yield* part;
                  });
                }
              });
            }),
          );
          all.push(...tasks);
          yield* sleep(1);
          for (const { what, node } of happenings) {
            const target = all[node % all.length] as Future<unknown>;
            if (what === "description") {
              expect(formatTaskTree()).toContain("Task");
              formatCallGraph(target);
            } else if (what === "cancellation") {
              target.cancel();
            } else if (!bottom.done()) {
              if (what === "result") bottom.setResult(1);
              else bottom.setException(new Error("from the bottom"));
            }
            yield* sleep(1);
          }
          createTask(function* () {
            yield* sleep(1);
          });
          return () => [...allTasks(loop)].length;
        });

        expect(left()).toBe(0);
      },
    ),
    { numRuns: scale(100, 500, 200) },
  );
});
