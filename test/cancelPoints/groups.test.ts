// Task groups and maps, cancelled at every point. Nothing runs once they are over, and each
// cancellation is counted and thrown where it belongs. One file, because it is a list of scenarios.

import { expect } from "vitest";
import {
  CancelledError,
  type Coroutine,
  coroutine,
  ExceptionGroup,
  gather,
  iterate,
  mapConcurrent,
  moveOnAfter,
  Queue,
  sleep,
  type TaskGroup,
  TimeoutError,
  taskGroup,
  timeout,
} from "../../src/index.ts";
import { type Stage, testCancelPoints } from "../support/cancelPoints.ts";

const FAILURE = new Error("failure");

/** Counts the tasks that have started and not ended. */
class Crowd {
  present = 0;

  @coroutine *stay(delay: number, cleanUp = 0): Coroutine<number> {
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

  *fail(delay: number, cleanUp = 0): Coroutine<never> {
    yield* this.stay(delay, cleanUp);
    throw FAILURE;
  }

  expectGone(): void {
    expect(this.present, "somebody is still there").toBe(0);
  }
}

/** Runs a group, ignores its expected errors, and checks that all of its tasks have ended. */
function* grouped(crowd: Crowd, body: (group: TaskGroup) => Coroutine<unknown>): Coroutine<void> {
  try {
    yield* taskGroup(body);
  } catch (error) {
    if (!(error instanceof ExceptionGroup)) throw error;
    for (const each of error.errors) {
      if (each !== FAILURE && !(each instanceof ExceptionGroup)) throw error;
    }
  } finally {
    crowd.expectGone();
  }
}

/** Waits after a group. If the task was not cancelled, this must not throw. */
function* waitsOnlyIfNotCancelled(stage: Stage): Coroutine<void> {
  yield* sleep(1);
  stage.point();
}

testCancelPoints("taskGroup", {
  "with children that succeed"(stage) {
    const crowd = new Crowd();
    stage.spawn("a", function* () {
      yield* grouped(crowd, function* (group) {
        for (const delay of [1, 2, 1]) group.createTask(crowd.stay(delay));
        yield* sleep(1);
      });
      yield* waitsOnlyIfNotCancelled(stage);
    });
  },
  "with a child that only a cancellation ends"(stage) {
    const crowd = new Crowd();
    stage.spawn("a", function* () {
      yield* grouped(crowd, function* (group) {
        group.createTask(crowd.stay(Infinity));
        group.createTask(crowd.stay(1));
      });
    });
    stage.release(() => stage.cancelLeft());
  },
  "with a child that fails while the body waits"(stage) {
    const crowd = new Crowd();
    stage.spawn("a", function* () {
      yield* grouped(crowd, function* (group) {
        group.createTask(crowd.stay(Infinity, 1));
        group.createTask(crowd.fail(1));
        yield* sleep(Infinity);
      });
      yield* waitsOnlyIfNotCancelled(stage);
    });
    stage.release(() => stage.cancelLeft());
  },
  "with a child that fails while the group waits, and one that fails when it is cancelled"(stage) {
    const crowd = new Crowd();
    stage.spawn("a", function* () {
      yield* grouped(crowd, function* (group) {
        group.createTask(function* () {
          try {
            yield* crowd.stay(3);
          } finally {
            // biome-ignore lint/correctness/noUnsafeFinally: this is what happens to be tested
            throw FAILURE;
          }
        });
        group.createTask(crowd.fail(1));
        group.createTask(crowd.fail(1));
      });
      yield* waitsOnlyIfNotCancelled(stage);
    });
  },
  "with a body that fails"(stage) {
    const crowd = new Crowd();
    stage.spawn("a", function* () {
      yield* grouped(crowd, function* (group) {
        group.createTask(crowd.stay(Infinity, 1));
        yield* sleep(1);
        throw FAILURE;
      });
      yield* waitsOnlyIfNotCancelled(stage);
    });
  },
  "nested in another group, where the inner group fails"(stage) {
    const crowd = new Crowd();
    stage.spawn("a", function* () {
      yield* grouped(crowd, function* (outer) {
        outer.createTask(crowd.stay(3, 1));
        yield* taskGroup(function* (inner) {
          inner.createTask(crowd.fail(1));
          yield* crowd.stay(Infinity, 1);
        });
      });
      yield* waitsOnlyIfNotCancelled(stage);
    });
    stage.release(() => stage.cancelLeft());
  },
  "nested in another group, where both fail in the same turn"(stage) {
    const crowd = new Crowd();
    stage.spawn("a", function* () {
      yield* grouped(crowd, function* (outer) {
        outer.createTask(crowd.fail(1));
        yield* taskGroup(function* (inner) {
          inner.createTask(crowd.fail(1));
          yield* sleep(5);
        });
      });
      yield* waitsOnlyIfNotCancelled(stage);
    });
  },
  "in a task of another group"(stage) {
    const crowd = new Crowd();
    stage.spawn("a", function* () {
      yield* grouped(crowd, function* (outer) {
        outer.createTask(() =>
          taskGroup(function* (inner) {
            inner.createTask(crowd.fail(2));
            inner.createTask(crowd.stay(3, 1));
          }),
        );
        outer.createTask(crowd.stay(3));
      });
      yield* waitsOnlyIfNotCancelled(stage);
    });
  },
  "whose children start more children"(stage) {
    const crowd = new Crowd();
    stage.spawn("a", function* () {
      yield* grouped(crowd, function* (group) {
        group.createTask(function* () {
          yield* crowd.stay(1);
          group.createTask(crowd.stay(1, 1));
        });
      });
      yield* waitsOnlyIfNotCancelled(stage);
    });
  },
  "that is cancelled by its body"(stage) {
    const crowd = new Crowd();
    stage.spawn("a", function* () {
      yield* grouped(crowd, function* (group) {
        group.createTask(crowd.stay(Infinity, 1));
        yield* sleep(1);
        group.cancel();
        stage.point();
        yield* sleep(Infinity);
      });
      yield* waitsOnlyIfNotCancelled(stage);
    });
    stage.release(() => stage.cancelLeft());
  },
  "that is cancelled by a callback, in the turn in which the body ends"(stage) {
    const crowd = new Crowd();
    stage.spawn("a", function* () {
      yield* grouped(crowd, function* (group) {
        group.createTask(crowd.stay(Infinity));
        stage.later(1, () => group.cancel());
        yield* sleep(1);
      });
      yield* waitsOnlyIfNotCancelled(stage);
    });
  },
  "inside a timeout that expires in the turn of a failure"(stage) {
    const crowd = new Crowd();
    stage.spawn("a", function* () {
      try {
        yield* timeout(1, () =>
          grouped(crowd, function* (group) {
            group.createTask(crowd.fail(1));
            group.createTask(crowd.stay(2, 1));
            yield* sleep(3);
          }),
        );
      } catch (error) {
        if (!(error instanceof TimeoutError)) throw error;
      }
      yield* waitsOnlyIfNotCancelled(stage);
    });
  },
  "in a task that has already been cancelled"(stage) {
    const crowd = new Crowd();
    stage.spawn(
      "a",
      () =>
        wasCancelled(stage, () =>
          grouped(crowd, function* (group) {
            group.createTask(crowd.fail(1));
            yield* moveOnAfter(3, () => sleep(5));
          }),
        ),
      { swallows: true },
    );
    stage.release(() => stage.cancelLeft());
  },
  "nested in a group that fails too, in a task that has already been cancelled"(stage) {
    const crowd = new Crowd();
    let isThrough = false;
    stage.spawn(
      "a",
      () =>
        wasCancelled(stage, function* () {
          yield* grouped(crowd, function* (outer) {
            outer.createTask(crowd.fail(1));
            yield* taskGroup(function* (inner) {
              inner.createTask(crowd.fail(1));
              yield* sleep(5);
            });
          });
          yield* waitsOnlyIfNotCancelled(stage);
          isThrough = true;
        }),
      { swallows: true },
    );
    stage.check(() => expect(isThrough).toBe(isThrough || stage.isPeaceful));
    stage.release(() => stage.cancelLeft());
  },
});

/** A failure after the map has already failed is reported. */
function expectReports(stage: Stage): void {
  const others = stage.reports.filter(({ exception }) => exception !== FAILURE);
  stage.reports.splice(0, stage.reports.length, ...others);
}

/** The cancellation that a task received before this point. */
function* wasCancelled(stage: Stage, body: () => Coroutine<void>): Coroutine<void> {
  stage.later(0, () => stage.cancelLeft());
  try {
    yield* sleep(Infinity);
  } catch {}
  yield* body();
}

/** Yields numbers immediately, and records whether it was closed. */
class Source {
  isOpen = false;

  async *[Symbol.asyncIterator](): AsyncGenerator<number, void> {
    this.isOpen = true;
    try {
      for (let item = 1; item <= 4; item++) {
        await undefined;
        yield item;
      }
    } finally {
      this.isOpen = false;
    }
  }
}

testCancelPoints("mapConcurrent", {
  "over a list, two calls at a time"(stage) {
    const crowd = new Crowd();
    stage.spawn(
      "a",
      function* () {
        try {
          const results = yield* mapConcurrent([1, 3, 1, 2], (delay) => crowd.stay(delay), {
            concurrency: 2,
          });
          expect(results).toEqual([1, 3, 1, 2]);
        } finally {
          crowd.expectGone();
        }
        yield* waitsOnlyIfNotCancelled(stage);
      },
      { spreads: true },
    );
  },
  "over a list, where one call fails while others clean up"(stage) {
    const crowd = new Crowd();
    stage.spawn(
      "a",
      function* () {
        try {
          yield* mapConcurrent([3, 1, 2], (delay) => {
            return delay === 1 ? crowd.fail(delay) : crowd.stay(delay, 1);
          });
        } catch (error) {
          if (error !== FAILURE) throw error;
        } finally {
          crowd.expectGone();
        }
        yield* waitsOnlyIfNotCancelled(stage);
      },
      { spreads: true },
    );
    stage.check(() => expectReports(stage));
  },
  "over an async iterable, which is closed"(stage) {
    const source = new Source();
    const crowd = new Crowd();
    stage.spawn(
      "a",
      function* () {
        try {
          yield* mapConcurrent(source, (item) => (item === 3 ? crowd.fail(1) : crowd.stay(1)), {
            concurrency: 2,
          });
        } catch (error) {
          if (error !== FAILURE) throw error;
          // A cancellation while it is closed ends that wait.
          if (stage.isPeaceful) expect(source.isOpen).toBe(false);
        } finally {
          crowd.expectGone();
        }
      },
      { spreads: true },
    );
    stage.check(() => expect(source.isOpen).toBe(false));
    stage.check(() => expectReports(stage));
  },
  "over a queue"(stage) {
    const queue = new Queue<number>();
    const accepted: number[] = [];
    const got: number[] = [];
    stage.spawn(
      "a",
      function* () {
        try {
          yield* mapConcurrent(queue, work, { concurrency: 3 });
        } catch (error) {
          if (error !== FAILURE) throw error;
        }
      },
      { spreads: true },
    );
    function* work(item: number): Coroutine<void> {
      got.push(item);
      yield* sleep(1);
      if (item === 3) throw FAILURE;
    }
    stage.spawn("p", function* () {
      for (let item = 0; item < 6; item++) {
        yield* queue.put(item);
        accepted.push(item);
        if (item !== 3) yield* sleep(1);
      }
    });
    stage.release(() => queue.shutdown());
    stage.check(() => {
      while (!queue.empty()) got.push(queue.getNowait());
      // A task that is cancelled before its first step takes its item along.
      const lost = accepted.filter((item) => !got.includes(item));
      expect(lost.length, "an item got lost").toBeLessThanOrEqual(stage.cancelsInside);
      expect(new Set(got).size, "an item came twice").toBe(got.length);
      expectReports(stage);
    });
  },
  "in a gather of two maps"(stage) {
    const crowd = new Crowd();
    stage.spawn(
      "a",
      function* () {
        yield* gather([
          () => mapConcurrent([1], (delay) => crowd.stay(delay, 1)),
          () => mapConcurrent([2, 1], (delay) => crowd.stay(delay), { concurrency: 1 }),
        ]);
      },
      { spreads: true },
    );
    stage.check(() => crowd.expectGone());
  },
});

testCancelPoints("iterate", {
  "over a source that is left early"(stage) {
    const source = new Source();
    stage.spawn("a", function* () {
      const items = iterate(source);
      try {
        for (let r = yield* items.next(); !r.done; r = yield* items.next()) {
          if (r.value === 2) break;
          yield;
        }
      } finally {
        yield* items.return();
      }
    });
    stage.check(() => expect(source.isOpen).toBe(false));
  },
  "over a source that is never closed by hand"(stage) {
    const source = new Source();
    stage.spawn("a", function* () {
      const items = iterate(source);
      yield* items.next();
      yield* items.next();
    });
    stage.check(() => expect(source.isOpen).toBe(false));
  },
  "over a queue, closed by another task while the next item is awaited"(stage) {
    const queue = new Queue<number>();
    const accepted: number[] = [];
    const got: number[] = [];
    const items = iterate(queue);
    stage.spawn("a", function* () {
      for (let r = yield* items.next(); !r.done; r = yield* items.next()) got.push(r.value);
    });
    stage.spawn("b", function* () {
      yield* sleep(1);
      yield* items.return();
    });
    stage.spawn("p", function* () {
      for (let item = 0; item < 3; item++) {
        yield* queue.put(item);
        accepted.push(item);
        if (item !== 1) yield* sleep(1);
      }
    });
    stage.release(() => queue.shutdown());
    stage.check(() => {
      while (!queue.empty()) got.push(queue.getNowait());
      expect(got, "an item got lost").toEqual(expect.arrayContaining(accepted));
    });
  },
  "with a call of next() after a cancelled one"(stage) {
    const source = new Source();
    const items: number[] = [];
    stage.spawn(
      "a",
      function* () {
        const source_ = iterate(source);
        for (;;) {
          try {
            const r = yield* source_.next();
            if (r.done) break;
            items.push(r.value);
          } catch (error) {
            if (!(error instanceof CancelledError)) throw error;
          }
        }
        expect(items).toEqual([1, 2, 3, 4]);
      },
      { swallows: true },
    );
  },
});
