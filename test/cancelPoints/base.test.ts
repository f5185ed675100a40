// The basic operations of tasks and futures, cancelled at every point.

import { expect } from "vitest";
import {
  CancelledError,
  type Coroutine,
  coroutine,
  createTask,
  fromPromise,
  gather,
  sleep,
  type Task,
} from "../../src/index.ts";
import { testCancelPoints } from "../support/cancelPoints.ts";

const nested = coroutine(function* (depth: number): Coroutine<number> {
  if (depth === 0) return yield* sleep(1, 0);
  try {
    return 1 + (yield* nested(depth - 1));
  } finally {
    yield* sleep(1);
  }
});

testCancelPoints("sleeps and tasks", {
  "sleeps that end at the same instant"(stage) {
    for (const name of ["a", "b", "c"]) stage.spawn(name, () => sleep(5));
  },
  "sleeps one after the other, and a bare yield"(stage) {
    for (const name of ["a", "b"]) {
      stage.spawn(name, function* () {
        for (const delay of [0, 3, -1, 2]) {
          yield* sleep(delay);
          yield;
          stage.point();
        }
      });
    }
  },
  "a chain of decorated calls that clean up"(stage) {
    stage.spawn("a", function* () {
      expect(yield* nested(4)).toBe(4);
    });
  },
  "a chain of plain and decorated calls"(stage) {
    stage.spawn("a", function* () {
      function* plain(): Coroutine<number> {
        return yield* nested(2);
      }
      expect(yield* plain()).toBe(2);
    });
  },
  "a task that awaits a task that awaits a task"(stage) {
    stage.spawn(
      "a",
      function* () {
        const b = createTask(function* () {
          return yield* createTask(sleep(2, "result"));
        });
        expect(yield* b).toBe("result");
      },
      { spreads: true },
    );
  },
  "a task that swallows a cancellation and takes it back"(stage) {
    const task: Task<void> = stage.spawn(
      "a",
      function* () {
        for (let left = 3; left > 0; left--) {
          try {
            yield* sleep(1);
          } catch (error) {
            expect(error).toBeInstanceOf(CancelledError);
            // Several cancellations before a step throw only one error.
            while (task.uncancel() > 0);
          }
        }
      },
      { swallows: true, shared: true },
    );
    // The body never sees a cancellation before the first step, or in the last one.
    stage.check(() => expect(task.cancelling()).toBe(task.cancelled() ? task.cancelling() : 0));
  },
});

testCancelPoints("gather", {
  "of sleeps"(stage) {
    stage.spawn(
      "a",
      function* () {
        expect(yield* gather([sleep(2, "a"), sleep(1, "b"), sleep(1, "c")])).toEqual([
          "a",
          "b",
          "c",
        ]);
      },
      { spreads: true },
    );
  },
  "with returnExceptions, of children that clean up"(stage) {
    let cleaned = 0;
    let begun = 0;
    function* child(): Coroutine<void> {
      begun++;
      try {
        yield* sleep(1);
      } finally {
        yield* sleep(0);
        cleaned++;
      }
    }
    stage.spawn(
      "a",
      function* () {
        const results = yield* gather([child(), child()], { returnExceptions: true });
        expect(results).toHaveLength(2);
      },
      // The children that clean up can be cancelled once more. Then they end without cleaning up.
      { spreads: true },
    );
    stage.check(() => expect(cleaned).toBeLessThanOrEqual(begun));
  },
  "nested in another gather, with a child that fails"(stage) {
    stage.spawn(
      "a",
      function* () {
        try {
          yield* gather([gather([sleep(3), failAfter(2)]), sleep(3), failAfter(2)]);
        } catch (error) {
          if (error instanceof CancelledError) throw error;
          expect(error).toBe("failure");
        }
      },
      { spreads: true },
    );
  },
  "of a task that other tasks also await"(stage) {
    stage.spawn(
      "a",
      function* () {
        const shared = createTask(sleep(2, "shared"));
        yield* gather([shared, sleep(1), gather([shared, sleep(1)])]);
      },
      { spreads: true },
    );
  },
});

testCancelPoints("promises", {
  "that resolve and reject"(stage) {
    stage.spawn("a", function* () {
      expect(yield* fromPromise(Promise.resolve("result"))).toBe("result");
      try {
        yield* fromPromise(Promise.reject("reason"));
      } catch (error) {
        if (error instanceof CancelledError) throw error;
        expect(error).toBe("reason");
      }
    });
  },
  "from a function that receives a signal"(stage) {
    let signal: AbortSignal | undefined;
    let isSettled = false;
    const task = stage.spawn("a", function* () {
      yield* fromPromise((given) => {
        signal = given;
        return later(3);
      });
      isSettled = true;
    });
    stage.check(() => expect(signal?.aborted ?? true).toBe(!isSettled && task.cancelled()));
  },
  "that never settle"(stage) {
    stage.spawn("a", () => fromPromise(new Promise<void>(() => undefined)));
    stage.release(() => stage.cancelLeft());
  },
});

const failAfter = coroutine(function* (delay: number): Coroutine<never> {
  yield* sleep(delay);
  throw "failure";
});

/** Resolves several microtasks later. */
async function later(microtasks: number): Promise<void> {
  for (let left = microtasks; left > 0; left--) await undefined;
}
