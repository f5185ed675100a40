// The library's own primitives, in every order of small programs and many orders of larger ones.
// One file, because it is a list of programs.

import { afterAll, describe, expect, test } from "vitest";
import {
  ALL_COMPLETED,
  asCompleted,
  Barrier,
  BoundedSemaphore,
  BrokenBarrierError,
  CancelledError,
  Condition,
  type Coroutine,
  createTask,
  currentTask,
  Event,
  ExceptionGroup,
  FIRST_COMPLETED,
  gather,
  iterate,
  Lock,
  mapConcurrent,
  moveOnAfter,
  PriorityQueue,
  Queue,
  QueueShutDown,
  race,
  Semaphore,
  shield,
  sleep,
  type Task,
  TimeoutError,
  taskGroup,
  timeout,
  wait,
  waitFor,
} from "../../src/index.ts";
import { explore } from "../../src/testing.ts";
import { scale } from "../support/effort.ts";

const PATIENCE = 120_000;
const RUNS = scale(30, 200, 60);
/** The most orders of a small program that are tried. */
const MOST = scale(300, 2_000, 600);

let runs = 0;
let proved = 0;
afterAll(() => {
  console.log(
    `primitives: ${runs.toLocaleString("en")} schedules, ${proved} programs in every one of theirs`,
  );
});

/**
 * A program for `count` tasks. The task named "victim" may be cancelled, and everything it held
 * must go to the others.
 */
type Program = (tasks: number) => Coroutine<void>;

/** Starts `count` tasks, the first of them as the victim, and waits for all. */
function* all(count: number, body: (index: number) => Coroutine<unknown>): Coroutine<void> {
  const tasks: Task<unknown>[] = [];
  for (let index = 0; index < count; index++) {
    tasks.push(createTask(body(index), index === 0 ? { name: "victim" } : {}));
  }
  for (const outcome of yield* gather(tasks, { returnExceptions: true })) {
    if (outcome instanceof Error && !(outcome instanceof CancelledError)) throw outcome;
  }
}

function excluding(most: number): { enter(): void; leave(): void } {
  let inside = 0;
  return {
    enter() {
      if (++inside > most) throw new Error(`${inside} are inside`);
    },
    leave() {
      inside--;
    },
  };
}

function* taken(queue: Queue<number>): Coroutine<void> {
  yield* queue.get();
  queue.taskDone();
}

const PROGRAMS: Readonly<Record<string, Program>> = {
  *Lock(tasks) {
    const lock = new Lock();
    const section = excluding(1);
    yield* all(tasks, function* () {
      yield* lock.acquire();
      try {
        section.enter();
        yield;
        section.leave();
      } catch (error) {
        section.leave();
        throw error;
      } finally {
        lock.release();
      }
    });
    expect(lock.locked()).toBe(false);
  },

  *Semaphore(tasks) {
    const semaphore = new Semaphore(2);
    const section = excluding(2);
    yield* all(tasks, function* () {
      yield* semaphore.acquire();
      section.enter();
      try {
        yield;
      } finally {
        section.leave();
        semaphore.release();
      }
    });
    yield* semaphore.acquire();
    yield* semaphore.acquire();
    expect(semaphore.locked()).toBe(true);
    semaphore.release();
    semaphore.release();
  },

  *BoundedSemaphore(tasks) {
    const semaphore = new BoundedSemaphore(1);
    yield* all(tasks, function* () {
      yield* semaphore.acquire();
      try {
        yield;
      } finally {
        semaphore.release();
      }
    });
    expect(() => semaphore.release()).toThrow(RangeError);
  },

  *Event(tasks) {
    const event = new Event();
    const waiting = createTask(all(tasks - 1, () => event.wait()));
    yield;
    event.set();
    yield* waiting;
  },

  *Condition(tasks) {
    const condition = new Condition();
    let items = 0;
    const consumers = createTask(
      all(tasks - 1, function* () {
        yield* condition.acquire();
        try {
          yield* condition.waitFor(() => items > 0);
          items--;
        } finally {
          condition.release();
        }
      }),
    );
    for (let left = tasks - 1; left > 0; left--) {
      yield; // consumers may wait before the next item is there
      yield* condition.acquire();
      items++;
      condition.notify();
      condition.release();
    }
    yield* consumers;
    expect(items).toBeLessThanOrEqual(1);
    expect(condition.locked()).toBe(false);
  },

  *Barrier(tasks) {
    const barrier = new Barrier(2);
    yield* all(tasks & ~1, function* () {
      yield* moveOnAfter(10, function* () {
        yield* barrier.wait();
      });
    });
    expect([barrier.nWaiting, barrier.broken]).toEqual([0, false]);
  },

  *Queue(tasks) {
    const queue = new Queue<number>(1);
    const got: number[] = [];
    const consumers = createTask(
      all(tasks - 1, function* () {
        const item = yield* queue.get();
        queue.taskDone();
        got.push(item);
      }),
    );
    const put: number[] = [];
    while (!consumers.done() && put.length < tasks - 1) {
      yield; // consumers may wait before the next item is there
      yield* queue.put(put.length);
      put.push(put.length);
    }
    yield* consumers;
    // An item handed to a cancelled consumer goes to the next one, or stays in the queue.
    while (!queue.empty()) {
      got.push(queue.getNowait());
      queue.taskDone();
    }
    expect(got.sort()).toEqual(put);
    yield* queue.join();
  },

  *"PriorityQueue, shut down"(tasks) {
    const queue = new PriorityQueue<number>();
    const got: number[] = [];
    const consumers = createTask(
      all(tasks - 1, function* () {
        try {
          for (;;) got.push(yield* queue.get());
        } catch (error) {
          if ((error as Error).name !== "QueueShutDown") throw error;
        }
      }),
    );
    for (const item of [2, 1, 3]) {
      queue.putNowait(item);
      yield;
    }
    queue.shutdown();
    yield* consumers;
    while (!queue.empty()) got.push(queue.getNowait());
    expect(got.sort()).toEqual([1, 2, 3]);
  },

  *gather(tasks) {
    yield* all(tasks, function* () {
      expect(yield* gather([sleep(1, "a"), sleep(0, "b")])).toEqual(["a", "b"]);
    });
  },

  *taskGroup(tasks) {
    let running = 0;
    yield* all(tasks - 1, function* () {
      yield* taskGroup(function* (group) {
        for (let i = 0; i < 2; i++) {
          group.createTask(function* () {
            running++;
            try {
              yield;
            } finally {
              running--;
            }
          });
        }
      });
    });
    expect(running).toBe(0);
  },

  *timeout(tasks) {
    const endings: string[] = [];
    yield* all(tasks - 1, function* () {
      try {
        yield* timeout(1, () => sleep(1));
        endings.push("result");
      } catch (error) {
        if (!(error instanceof TimeoutError)) throw error;
        endings.push("timeout");
      }
    });
    for (const ending of endings) expect(["result", "timeout"]).toContain(ending);
  },

  *waitFor(tasks) {
    yield* all(tasks - 1, function* (index) {
      const event = new Event();
      const setter = createTask(function* () {
        yield;
        event.set();
      });
      try {
        yield* waitFor(event.wait(), index % 2 === 0 ? null : 1);
      } finally {
        yield* shield(setter);
      }
    });
  },

  *wait(tasks) {
    yield* all(tasks - 1, function* (index) {
      const two = [sleep(1, "a"), sleep(1 + (index % 2), "b")] as const;
      const returnWhen = index % 2 === 0 ? ALL_COMPLETED : FIRST_COMPLETED;
      const { done, pending } = yield* wait(two, { returnWhen });
      expect(done.size + pending.size).toBe(2);
      expect(done.size).toBeGreaterThan(0);
      // The child does not belong to the victim, and continues.
      yield* gather([...pending]);
    });
  },

  *race(tasks) {
    let running = 0;
    function* run(value: string): Coroutine<string> {
      running++;
      try {
        yield* sleep(1);
        return value;
      } finally {
        try {
          yield; // takes time to end
        } finally {
          running--;
        }
      }
    }
    yield* all(tasks - 1, function* () {
      expect(["a", "b"]).toContain(yield* race([run("a"), run("b")]));
    });
    // A loser and a cancelled task have ended.
    expect(running).toBe(0);
  },

  *asCompleted(tasks) {
    yield* all(tasks - 1, function* () {
      const values: string[] = [];
      for (const next of asCompleted([sleep(2, "late"), sleep(1, "soon")]))
        values.push(yield* next);
      expect(values).toEqual(["soon", "late"]);
    });
  },

  *"asCompleted, awaited by several tasks"(tasks) {
    const values: number[] = [];
    const items = [...asCompleted([sleep(1, 1), sleep(1, 2), sleep(1, 3)])];
    yield* all(Math.min(tasks, items.length), function* (index) {
      values.push(yield* items[index] as Coroutine<number>);
    });
    expect(new Set(values).size).toBe(values.length);
  },

  *iterate(tasks) {
    const queue = new Queue<number>(1);
    const got: number[] = [];
    const consumers = createTask(
      all(tasks - 1, function* () {
        const items = iterate(queue);
        for (let r = yield* items.next(); !r.done; r = yield* items.next()) {
          got.push(r.value);
          yield;
        }
      }),
    );
    for (const item of [1, 2, 3]) {
      // Consumers that were cancelled leave the queue full.
      yield* moveOnAfter(5, () => queue.put(item));
    }
    queue.shutdown();
    yield* consumers;
    while (!queue.empty()) got.push(queue.getNowait());
    expect(new Set(got).size).toBe(got.length);
  },

  *"Queue, shut down at once"(tasks) {
    const queue = new Queue<number>(1);
    let ended = 0;
    const users = createTask(
      all(tasks, function* (index) {
        try {
          if (index % 2 === 0) yield* queue.put(index);
          else yield* taken(queue);
          yield* queue.join();
        } catch (error) {
          if (!(error instanceof QueueShutDown)) throw error;
        } finally {
          ended++;
        }
      }),
    );
    yield;
    queue.shutdown(true);
    yield* users;
    expect(ended).toBeLessThanOrEqual(tasks);
    expect(queue.empty()).toBe(true);
    yield* queue.join();
  },

  *"Barrier, reset"(tasks) {
    const barrier = new Barrier(tasks);
    let broken = 0;
    const waiting = createTask(
      all(tasks - 1, function* () {
        try {
          yield* barrier.wait();
        } catch (error) {
          if (!(error instanceof BrokenBarrierError)) throw error;
          broken++;
        }
      }),
    );
    yield* sleep(1);
    yield* barrier.reset();
    yield* waiting;
    expect(broken).toBeLessThanOrEqual(tasks - 1);
    expect([barrier.nWaiting, barrier.broken]).toEqual([0, false]);
  },

  *"Condition, all notified"(tasks) {
    const condition = new Condition();
    let isOpen = false;
    const waiting = createTask(
      all(tasks - 1, function* () {
        using _ = yield* condition.hold();
        yield* condition.waitFor(() => isOpen);
      }),
    );
    yield;
    yield* condition.acquire();
    isOpen = true;
    condition.notifyAll();
    condition.release();
    yield* waiting;
    expect(condition.locked()).toBe(false);
  },

  *shield(tasks) {
    let saved = 0;
    yield* all(tasks - 1, function* () {
      const saving = createTask(function* () {
        yield;
        saved++;
      });
      try {
        yield* shield(saving);
      } finally {
        if (!saving.done()) yield* wait([saving]);
      }
      expect(saving.done()).toBe(true);
    });
    expect(saved).toBeLessThanOrEqual(tasks - 1);
  },

  *"timeouts in timeouts"(tasks) {
    yield* all(tasks - 1, function* (index) {
      const inner = 1 + (index % 2);
      const outcome = yield* moveOnAfter(2, function* () {
        try {
          yield* timeout(inner, () => sleep(2));
          return "result";
        } catch (error) {
          if (!(error instanceof TimeoutError)) throw error;
          return "inner";
        }
      });
      expect(["result", "inner", undefined]).toContain(outcome);
      expect(currentTask()?.cancelling()).toBe(0);
    });
  },

  *"taskGroup, one task of which fails"(tasks) {
    let running = 0;
    yield* all(tasks - 1, function* () {
      try {
        yield* taskGroup(function* (group) {
          for (let i = 0; i < 2; i++) {
            group.createTask(function* () {
              running++;
              try {
                yield* sleep(1 + i);
                if (i === 0) throw new RangeError("failed");
              } finally {
                try {
                  yield; // takes time to end, and may be cancelled again
                } finally {
                  running--;
                }
              }
            });
          }
          yield* taskGroup(function* (inner) {
            inner.createTask(sleep(1));
          });
        });
        throw new Error("the error of a task is lost");
      } catch (error) {
        if (error instanceof ExceptionGroup)
          expect(error.errors).toEqual([new RangeError("failed")]);
        else throw error;
      }
    });
    expect(running).toBe(0);
  },

  *mapConcurrent(tasks) {
    yield* all(tasks - 1, function* () {
      const section = excluding(2);
      yield* mapConcurrent(
        [1, 2, 3],
        function* (item) {
          section.enter();
          try {
            yield;
            return item;
          } finally {
            section.leave();
          }
        },
        { concurrency: 2 },
      );
    });
  },
};

describe.each(Object.entries(PROGRAMS))("%s", { timeout: PATIENCE }, (_, program) => {
  test("works in every order of three tasks, cancelled anywhere", async () => {
    for (const cancelPoints of [false, "victim"]) {
      const options = { strategy: "exhaustive", runs: MOST, cancelPoints } as const;
      const statistics = await explore(() => program(3), options);
      runs += statistics.runs;
      proved += Number(statistics.exhausted);
      expect(statistics.runs).toBeGreaterThan(1);
    }
  });

  test.each(["random", "pct"] as const)(
    "works in many orders of six tasks, with the strategy %s",
    async (strategy) => {
      for (const cancelPoints of [false, "victim", true]) {
        const statistics = await explore(() => program(6), { strategy, runs: RUNS, cancelPoints });
        runs += statistics.runs;
      }
    },
  );
});
