// Tests two and three tasks that wait for each other, each through any of the combinators.
// Cancelling one ends all of them. The end of a run also ends them, and the run keeps its result.

import { describe, expect, test } from "vitest";
import {
  asCompleted,
  type Coroutine,
  createTask,
  type Future,
  gather,
  mapConcurrent,
  race,
  shield,
  sleep,
  type Task,
  taskGroup,
  timeout,
  wait,
  waitFor,
  withSignal,
} from "../../src/index.ts";
import { runVirtually } from "../support/virtualLoop.ts";

type Next = Future<unknown>;
type Link = (next: Next) => Coroutine<unknown>;

function inChild(link: Link): Link {
  return (next) =>
    taskGroup(function* (group) {
      group.createTask(link(next));
    });
}

function* awaiting(next: Next): Coroutine<unknown> {
  return yield* next;
}

function* eachOf(next: Next): Coroutine<void> {
  for (const result of asCompleted([next])) yield* result;
}

function* gathering(next: Next): Coroutine<unknown> {
  return yield* gather([next, sleep(5)], { returnExceptions: true });
}

const links: Record<string, Link> = {
  await: awaiting,
  gather: gathering,
  shield: (next) => awaiting(shield(next)),
  wait: (next) => wait([next]),
  waitFor: (next) => waitFor(next, 50),
  timeout: (next) => timeout(null, () => awaiting(next)),
  withSignal: (next) => withSignal(new AbortController().signal, next),
  asCompleted: eachOf,
  mapConcurrent: (next) => mapConcurrent([next], awaiting),
  race: (next) => race([next, sleep(1e9)]),
  "race of a gather": (next) => race([gather([next]), sleep(50)]),
  "race of a coroutine": (next) => race([awaiting(next), sleep(1e9)]),
  "body of a group": (next) => taskGroup(() => awaiting(next)),
  "child of a group": inChild(awaiting),
  "child of a group, in a race": inChild((next) => race([next, sleep(1e9)])),
  "child of a group, in a shield": inChild((next) => awaiting(shield(next))),
  "child of a group, in a wait": inChild((next) => wait([next])),
  "child of a group in a child of a group": inChild(inChild(awaiting)),
};
const names = Object.keys(links);

/**
 * Builds the cycle, and continues it with `body`. Returns its result, and whether all tasks are
 * done at the end.
 */
function inRing(of: readonly string[], body: (ring: Task<unknown>[]) => Coroutine<unknown>) {
  const ring: Task<unknown>[] = [];
  const result = runVirtually(function* () {
    of.forEach((name, index) => {
      const task = createTask(function* () {
        return yield* (links[name] as Link)(ring[(index + 1) % of.length] as Next);
      });
      // A task that awaits itself gets an error.
      task.addDoneCallback(() => task.cancelled() || task.exception());
      ring.push(task);
    });
    yield* sleep(1);
    return yield* body(ring);
  });
  const areDone = ring.every((task) => task.done());
  return { of, result, areDone };
}

function* cancelled(ring: Task<unknown>[]): Coroutine<unknown> {
  ring[0]?.cancel();
  const { pending } = yield* wait(ring, { timeout: 1e6 });
  return pending.size;
}

function* kept(): Coroutine<unknown> {
  return "kept";
}

const rings = [
  ...names.map((name) => [name]),
  ...names.flatMap((a) => names.map((b) => [a, b])),
  ...names.map((name, i) => [name, names[(i + 5) % names.length], "child of a group"]),
] as string[][];

describe("a cycle of waits through any of the combinators", () => {
  test("ends when one of its tasks is cancelled", () => {
    for (const of of rings) {
      expect(inRing(of, cancelled)).toEqual({ of, result: 0, areDone: true });
    }
  });

  test("ends when the run ends, and the run keeps its result", () => {
    for (const of of rings) {
      expect(inRing(of, kept)).toEqual({ of, result: "kept", areDone: true });
    }
  });

  test("ends when one of many tasks is cancelled", () => {
    for (const name of names) {
      const of = Array.from({ length: 500 }, () => name);
      expect(inRing(of, cancelled).result).toBe(0);
    }
  });
});

test("if a cancelled child awaits its parent in its cleanup, the next cancellation ends both", () => {
  const outcome = runVirtually(function* () {
    const parent: Task<void> = createTask(() =>
      taskGroup(function* (group) {
        group.createTask(
          (function* () {
            try {
              yield* sleep(100);
            } finally {
              yield* parent;
            }
          })(),
        );
      }),
    );
    yield* sleep(1);
    parent.cancel();
    yield* sleep(1);
    const before = parent.done();
    parent.cancel();
    yield* sleep(1);
    return [before, parent.cancelled()];
  });

  expect(outcome).toEqual([false, true]);
});
