// Deadlines and waits, cancelled at every point. Each cancellation must be attributed to its true
// source, and nothing may stay behind. One file, because it is a list of scenarios.

import { expect } from "vitest";
import {
  asCompleted,
  type Coroutine,
  coroutine,
  createTask,
  FIRST_COMPLETED,
  moveOnAfter,
  race,
  shield,
  sleep,
  type Task,
  TimeoutError,
  timeout,
  timeoutAt,
  wait,
  waitFor,
} from "../../src/index.ts";
import { testCancelPoints } from "../support/cancelPoints.ts";

/** Awaits `coro`, and ignores its TimeoutError. Passes cancellations on. */
function* expires(coro: Coroutine<unknown>): Coroutine<void> {
  try {
    yield* coro;
  } catch (error) {
    if (!(error instanceof TimeoutError)) throw error;
  }
}

const cleaned = coroutine(function* (delay: number): Coroutine<void> {
  try {
    yield* sleep(Infinity);
  } finally {
    yield* sleep(delay);
  }
});

testCancelPoints("timeout", {
  "that expires while its body sleeps"(stage) {
    const task: Task<void> = stage.spawn("a", function* () {
      yield* expires(timeout(2, () => sleep(5)));
      // A task that was not cancelled must have no cancellation left.
      if (task.cancelling() === 0) yield* sleep(1);
      else yield* sleep(Infinity);
    });
    stage.release(() => stage.cancelLeft());
  },
  "nested, with the same deadline"(stage) {
    for (const name of ["a", "b"]) {
      stage.spawn(name, function* () {
        yield* expires(timeout(2, () => timeout(2, () => moveOnAfter(2, () => sleep(5)))));
        yield* sleep(0);
      });
    }
  },
  "nested, where the cleanup after one deadline lasts until the other"(stage) {
    stage.spawn("a", function* () {
      yield* expires(timeoutAt(2, () => timeoutAt(4, () => cleaned(2))));
    });
    stage.spawn("b", function* () {
      yield* expires(timeoutAt(4, () => timeoutAt(2, () => cleaned(2))));
    });
  },
  "with a delay of 0, and with a deadline in the past"(stage) {
    stage.spawn("a", function* () {
      yield* expires(timeout(0, () => sleep(1)));
      yield* moveOnAfter(-1, () => sleep(1));
      yield* expires(timeoutAt(-5, () => sleep(0)));
    });
  },
  "that is rescheduled while its body runs"(stage) {
    stage.spawn("a", function* () {
      yield* expires(
        timeout(1, function* (scope) {
          scope.reschedule(stage.loop.time() + 3);
          yield* sleep(2);
          scope.reschedule(null);
          stage.point();
          yield* sleep(2);
          scope.reschedule(0);
          yield* sleep(2);
        }),
      );
    });
  },
  "moveOnAfter with another cancellation at the deadline"(stage) {
    const a: Task<unknown> = stage.spawn(
      "a",
      () => moveOnAfter(2, () => timeout(2, () => sleep(5))),
      { shared: true, spreads: true },
    );
    stage.spawn("b", function* () {
      yield* sleep(2);
      a.cancel();
    });
  },
  "whose body swallows the cancellation"(stage) {
    stage.spawn(
      "a",
      function* () {
        // If the swallowing task ends in the turn of the deadline, its result wins.
        yield* expires(
          timeout(2, function* () {
            yield* createTask(function* () {
              try {
                yield* sleep(5);
              } catch {}
            });
          }),
        );
      },
      { spreads: true, swallows: true },
    );
  },
});

testCancelPoints("waitFor", {
  "of coroutines that end before or after the deadline"(stage) {
    stage.spawn("a", function* () {
      expect(yield* waitFor(sleep(1, "in time"), 2)).toBe("in time");
      yield* expires(waitFor(sleep(3), 2));
      yield* expires(waitFor(cleaned(2), 2));
      yield* expires(waitFor(sleep(0), 0));
    });
  },
  "of a task that is done at the deadline"(stage) {
    stage.spawn(
      "a",
      function* () {
        yield* expires(waitFor(createTask(sleep(2)), 2));
      },
      { spreads: true },
    );
  },
  "of a task that cleans up"(stage) {
    const cancelled: Task<unknown>[] = [];
    stage.spawn(
      "a",
      function* () {
        const inner = createTask(cleaned(1));
        cancelled.push(inner);
        yield* expires(waitFor(inner, 2));
        expect(inner.done()).toBe(true);
      },
      { spreads: true },
    );
    stage.check(() => expect(cancelled.every((task) => task.done())).toBe(true));
  },
  "of a task, with a timeout of 0"(stage) {
    const inner = stage.spawn("inner", () => cleaned(1), { spreads: true, shared: true });
    stage.spawn(
      "a",
      function* () {
        yield;
        yield* expires(waitFor(inner, 0));
        expect(inner.done()).toBe(true);
      },
      { spreads: true },
    );
    stage.release(() => stage.cancelLeft());
  },
});

testCancelPoints("wait and asCompleted", {
  "wait for the first, then for the rest"(stage) {
    const started: Task<unknown>[] = [];
    stage.spawn("a", function* () {
      started.push(createTask(sleep(2)), createTask(sleep(1)), createTask(sleep(1)));
      const { done, pending } = yield* wait(started, { returnWhen: FIRST_COMPLETED });
      expect(done.size + pending.size).toBe(3);
      if (pending.size > 0) yield* wait(pending, { timeout: 1 });
    });
  },
  "wait with a timeout in the turn in which the last future completes"(stage) {
    stage.spawn("a", function* () {
      const { done } = yield* wait([sleep(2), sleep(1)], { timeout: 2 });
      expect(done.size).toBeGreaterThan(0);
    });
  },
  "wait never cancels"(stage) {
    const inner = stage.spawn("inner", () => sleep(3));
    stage.spawn("a", function* () {
      yield* wait([inner], { timeout: 1 });
    });
    stage.spawn("b", function* () {
      yield* wait([inner]);
    });
  },
  "asCompleted to its end"(stage) {
    stage.spawn(
      "a",
      function* () {
        const results: string[] = [];
        for (const next of asCompleted([sleep(2, "b"), sleep(1, "a"), sleep(2, "c")])) {
          results.push(yield* next);
        }
        expect(results.join("")).toBe("abc");
      },
      { spreads: true },
    );
  },
  "asCompleted with a timeout, shared by two tasks, and left early"(stage) {
    const inner = [1, 2, 3].map((delay) => stage.spawn(`${delay}`, () => sleep(delay)));
    const completed = asCompleted(inner, { timeout: 2 });
    for (const name of ["a", "b"]) {
      stage.spawn(
        name,
        function* () {
          for (const next of completed) yield* expires(next);
        },
        { spreads: true },
      );
    }
    stage.spawn(
      "c",
      function* () {
        for (const next of asCompleted(inner, { timeout: 10 })) {
          yield* next;
          break;
        }
      },
      { spreads: true },
    );
  },
});

testCancelPoints("asCompleted", {
  "two tasks that await one item each: results are delivered as soon as they arrive"(stage) {
    const futures = [1, 5].map((delay) => {
      const future = stage.loop.createFuture<number>();
      stage.later(delay, () => future.setResult(delay));
      return future;
    });
    const results: number[] = [];
    const completed = asCompleted(futures);
    for (const name of ["a", "b"]) {
      stage.spawn(name, function* () {
        const { value } = completed.next();
        results.push(yield* value!);
        expect(stage.loop.time()).toBe(results.at(-1));
      });
    }
    stage.check(() => expect(results).toEqual([1, 5].slice(0, results.length)));
  },
});

testCancelPoints("shield", {
  "two tasks that shield the same task"(stage) {
    const inner = stage.spawn("inner", () => sleep(2, "result"));
    for (const name of ["a", "b"]) {
      stage.spawn(
        name,
        function* () {
          expect(yield* shield(inner)).toBe("result");
        },
        { spreads: true },
      );
    }
  },
  "a task that waits for the shielded task before it ends"(stage) {
    let isSaved = false;
    // The default role makes the harness check that nothing else cancels this task.
    const saving = stage.spawn("saving", function* () {
      yield* sleep(2);
      isSaved = true;
    });
    stage.spawn(
      "a",
      function* () {
        try {
          yield* shield(saving);
        } finally {
          yield* wait([saving]);
        }
      },
      { spreads: true },
    );
    stage.check(() => expect(isSaved).toBe(!saving.cancelled()));
  },
});

testCancelPoints("race", {
  "of sleeps"(stage) {
    stage.spawn(
      "a",
      function* () {
        expect(["a", "b", "c"]).toContain(
          yield* race([sleep(3, "c"), sleep(1, "a"), sleep(1, "b")]),
        );
      },
      { spreads: true },
    );
  },
  "whose losers clean up"(stage) {
    let running = 0;
    const loser = coroutine(function* (): Coroutine<void> {
      running++;
      try {
        yield* sleep(Infinity);
      } finally {
        try {
          yield* sleep(2);
        } finally {
          running--;
        }
      }
    });
    stage.spawn(
      "a",
      function* () {
        try {
          yield* race([sleep(1), loser(), loser()]);
        } finally {
          expect(running).toBe(0);
        }
      },
      { spreads: true },
    );
  },
  "nested in another race, inside a timeout"(stage) {
    stage.spawn(
      "a",
      function* () {
        yield* expires(timeout(2, () => race([race([sleep(3), cleaned(1)]), sleep(4)])));
      },
      { spreads: true },
    );
  },
});
