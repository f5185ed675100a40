// Everyday functions, cancelled at every point. Nothing runs once they are over, and no
// cancellation is lost or retried.

import { expect } from "vitest";
import {
  asCompleted,
  type Coroutine,
  debounce,
  events,
  forEach,
  type IterationSource,
  Lock,
  latest,
  mapConcurrent,
  mapUnordered,
  progress,
  Queue,
  RateLimiter,
  retry,
  sleep,
  taskGroup,
  throttle,
} from "../../src/index.ts";
import { type Stage, testCancelPoints } from "../support/cancelPoints.ts";

/** Counts the tasks that have started and not ended. */
class Crowd {
  present = 0;

  *stay(delay: number, cleanUp = 0): Coroutine<number> {
    this.present++;
    try {
      yield* sleep(delay);
      return delay;
    } finally {
      try {
        if (cleanUp > 0) yield* sleep(cleanUp);
      } finally {
        this.present--;
      }
    }
  }
}

/** A queue with `count` items now, and one more later. */
function queueOf(stage: Stage, count: number): Queue<number> {
  const queue = new Queue<number>();
  for (let n = 1; n <= count; n++) queue.putNowait(n);
  stage.later(4, () => {
    queue.putNowait(count + 1);
    queue.shutdown();
  });
  return queue;
}

/** Reads a source in a task, and checks that all of its tasks have ended. */
function reading(
  make: (items: IterationSource<number>, crowd: Crowd) => AsyncIterable<number, undefined>,
): (stage: Stage) => void {
  return (stage) => {
    const crowd = new Crowd();
    const queue = queueOf(stage, 2);
    const seen: number[] = [];
    // A cancellation of one of its tasks ends the source.
    stage.spawn(
      "reader",
      function* () {
        try {
          yield* forEach(make(queue, crowd), function* (item) {
            seen.push(item);
            yield* sleep(1);
          });
        } finally {
          expect(crowd.present, "somebody is still there").toBe(0);
        }
      },
      { spreads: true },
    );
    stage.check(() => {
      if (stage.isPeaceful) expect(seen).toContain(3);
    });
  };
}

testCancelPoints("retry", {
  "whose body fails, during attempts and delays"(stage) {
    let attempts = 0;
    const task = stage.spawn("a", () =>
      retry(
        function* (attempt) {
          attempts = attempt;
          yield* sleep(1);
          if (attempt < 3) throw new Error("failure");
        },
        { delay: 2, retryIf: () => sleep(0, true) },
      ),
    );
    stage.check(() => expect(task.cancelled() || attempts === 3).toBe(true));
  },
  "with a body that turns its cancellation into another error"(stage) {
    let attempts = 0;
    const task = stage.spawn("a", function* () {
      try {
        yield* retry(function* (attempt) {
          attempts = attempt;
          try {
            yield* sleep(1);
          } catch (cause) {
            throw new Error("failure", { cause });
          }
        });
      } catch (error) {
        throw (error as Error).cause ?? error;
      }
    });
    stage.check(() => expect(task.cancelling() === 0 || attempts < 2).toBe(true));
  },
});

testCancelPoints(
  "sources",
  {
    mapUnordered: reading((items, crowd) =>
      mapUnordered(items, (n) => crowd.stay(n, 1), { concurrency: 2 }),
    ),
    debounce: reading((items) => debounce(items, 2)),
    throttle: reading((items) => throttle(items, 2)),
    latest: reading((items, crowd) => latest(items, (n) => crowd.stay(n, 1))),
    "events, which lose none"(stage) {
      const target = new EventTarget();
      const seen: string[] = [];
      stage.spawn("reader", () =>
        forEach(events(target, "end"), function* (event) {
          seen.push(event.type);
          yield* sleep(1);
        }),
      );
      stage.later(1, () => target.dispatchEvent(new Event("end")));
      stage.later(3, () => target.dispatchEvent(new Event("end")));
      stage.release(() => stage.cancelLeft());
      stage.check(() => {
        if (stage.isPeaceful) expect(seen).toEqual(["end", "end"]);
      });
    },
    "progress, read by two"(stage) {
      stage.spawn("a", function* () {
        const pages = progress({ total: 2 });
        yield* taskGroup(function* (group) {
          for (let n = 0; n < 2; n++) group.createTask(forEach(pages, () => sleep(1)));
          for (let n = 0; n < 2; n++) {
            yield* sleep(2);
            pages.tick();
          }
        });
      });
    },
  },
  { window: 4 },
);

testCancelPoints("groups and limits", {
  "a background task"(stage) {
    const crowd = new Crowd();
    stage.spawn("a", function* () {
      try {
        yield* taskGroup(function* (group) {
          group.createTask(crowd.stay(9, 1), { background: true });
          group.createTask(crowd.stay(2));
          yield* sleep(1);
        });
      } finally {
        expect(crowd.present).toBe(0);
      }
    });
  },
  "mapConcurrent with settle"(stage) {
    const crowd = new Crowd();
    stage.spawn(
      "a",
      function* () {
        try {
          yield* mapConcurrent(
            [1, 2],
            function* (n) {
              yield* crowd.stay(n, 1);
              throw new Error("failure");
            },
            { settle: true },
          );
        } finally {
          expect(crowd.present).toBe(0);
        }
      },
      { spreads: true },
    );
  },
  "asCompleted with concurrency"(stage) {
    const crowd = new Crowd();
    stage.spawn(
      "a",
      function* () {
        for (const next of asCompleted(
          [2, 1].map((n) => () => crowd.stay(n)),
          { concurrency: 1 },
        )) {
          yield* next;
        }
      },
      { spreads: true },
    );
  },
  "RateLimiter, whose waiters move up"(stage) {
    const limiter = new RateLimiter({ limit: 1, interval: 2 });
    const passed: number[] = [];
    for (const name of ["a", "b", "c"]) {
      stage.spawn(name, function* () {
        yield* limiter.acquire();
        passed.push(stage.loop.time());
      });
    }
    stage.check(() => {
      passed.forEach((time, index) => {
        if (index > 0) expect(time - (passed[index - 1] as number)).toBeGreaterThanOrEqual(2);
      });
      expect(passed.at(-1) ?? 0).toBeLessThanOrEqual(4);
    });
  },
  "lock.with"(stage) {
    const lock = new Lock();
    for (const name of ["a", "b"]) stage.spawn(name, () => lock.with(() => sleep(1)));
    stage.check(() => expect(lock.locked()).toBe(false));
  },
});
