import { describe, expect, test } from "vitest";
import {
  Condition,
  type Coroutine,
  coroutine,
  createTask,
  Event,
  Lock,
  moveOnAfter,
  Queue,
  Semaphore,
  sleep,
} from "../../../src/index.ts";
import { idsOf, startMany, warningsOf } from "./watch.ts";

describe("lock-convoy", () => {
  test("is raised while the same tasks queue for a lock again and again", () => {
    const found = warningsOf(function* () {
      const lock = new Lock();
      const worker = coroutine(function* serve(): Coroutine<void> {
        for (;;) yield* lock.with(() => sleep(10));
      });
      startMany(8, worker);
      yield* sleep(3_000);
    });

    expect(found).toMatchObject([
      {
        id: "lock-convoy",
        message: "The same tasks keep queuing for Lock 1, which limits them all to its pace",
        evidence: expect.stringMatching(
          /^[67] tasks waiting; it was handed over \d{2,3} times in \d\.\d s, /,
        ),
        place: "Lock 1, awaited in serve",
      },
    ]);
    expect(found[0]?.since).toBeGreaterThanOrEqual(1_000);
    expect([6, 7]).toContain(found[0]?.tasks.length);
    expect(found[0]?.tasks[0]).toMatchObject({ name: expect.stringMatching(/^worker-\d$/) });
  });

  test("is not raised when many tasks need a lock once", () => {
    expect(
      idsOf(function* () {
        const lock = new Lock();
        startMany(1_000, () => lock.with(() => sleep(10)));
        yield* sleep(5_000);
      }),
    ).toEqual([]);
  });

  test("is not raised when a lock is held for a long time", () => {
    expect(
      idsOf(function* () {
        const lock = new Lock();
        startMany(20, () => lock.with(() => sleep(2_500)));
        yield* sleep(9_000);
      }),
    ).toEqual([]);
  });

  test("is not raised when waits for a lock are cancelled again and again", () => {
    expect(
      idsOf(function* () {
        const lock = new Lock();
        createTask(lock.with(() => sleep(9_000)));
        startMany(20, function* () {
          for (;;) yield* moveOnAfter(10, () => lock.acquire());
        });
        yield* sleep(5_005);
      }),
    ).toEqual([]);
  });

  test("is not raised for a semaphore, which is meant to have waiters, or for two tasks", () => {
    expect(
      idsOf(function* () {
        const semaphore = new Semaphore(2);
        const lock = new Lock();
        startMany(20, function* () {
          for (;;) {
            yield* semaphore.acquire();
            yield* sleep(10);
            semaphore.release();
          }
        });
        startMany(2, function* () {
          for (;;) yield* lock.with(() => sleep(10));
        });
        yield* sleep(3_000);
      }),
    ).toEqual([]);
  });

  test("ends when the convoy does", () => {
    let during: string[] = [];
    const after = idsOf(function* (_, found) {
      const lock = new Lock();
      let isOver = false;
      startMany(8, function* () {
        while (!isOver) yield* lock.with(() => sleep(10));
      });
      yield* sleep(3_000);
      during = found().map(({ id }) => id);
      isOver = true;
      yield* sleep(2_000);
    });

    expect([during, after]).toEqual([["lock-convoy"], []]);
  });
});

describe("herd", () => {
  /** Wakes all workers for each item. */
  function* wakeAllForOne(work: () => Coroutine<unknown>): Coroutine<void> {
    const condition = new Condition();
    let items = 0;
    const worker = coroutine(function* serve(): Coroutine<void> {
      for (;;) {
        yield* condition.with(function* () {
          yield* condition.waitFor(() => items > 0);
          items--;
        });
        yield* work();
      }
    });
    startMany(20, worker);
    for (let round = 0; round < 30; round++) {
      yield* sleep(100);
      yield* condition.with(function* () {
        items++;
        condition.notifyAll();
      });
    }
  }

  test("is raised when a condition wakes all tasks for one item, again and again", () => {
    const found = warningsOf(() => wakeAllForOne(() => sleep(50)));

    expect(found).toMatchObject([
      {
        id: "herd",
        message: "Condition 1 wakes many tasks, but hardly any of them finds something to do",
        evidence: expect.stringMatching(
          /^\d+ times in \d\.\d s, it woke \d+ tasks, and all but a few/,
        ),
        place: "Condition 1, awaited in serve",
      },
    ]);
  });

  test("is raised for an event that wakes all waiters again and again although only one can continue", () => {
    expect(
      idsOf(function* () {
        const event = new Event();
        let items = 0;
        startMany(30, function* () {
          for (;;) {
            while (items === 0) yield* event.wait();
            items--;
            yield* sleep(20);
          }
        });
        for (let round = 0; round < 30; round++) {
          yield* sleep(100);
          items++;
          event.set();
          event.clear();
        }
      }),
    ).toEqual(["herd"]);
  });

  test("is not raised when every woken task has something to do", () => {
    expect(
      idsOf(function* () {
        const tick = new Event();
        startMany(50, function* () {
          for (;;) {
            yield* tick.wait();
            yield* sleep(5);
          }
        });
        for (let round = 0; round < 30; round++) {
          yield* sleep(100);
          tick.set();
          tick.clear();
        }
      }),
    ).toEqual([]);
  });

  test("is not raised when every woken task works without waiting", () => {
    let work = 0;
    expect(
      idsOf(function* () {
        const tick = new Event();
        startMany(50, function* () {
          for (;;) {
            yield* tick.wait();
            work++;
          }
        });
        for (let round = 0; round < 30; round++) {
          yield* sleep(100);
          tick.set();
          tick.clear();
        }
      }),
    ).toEqual([]);
    expect(work).toBe(1_500);
  });

  test("is not raised for a single useless wake-up, or for a few tasks", () => {
    expect(
      idsOf(function* () {
        const event = new Event();
        let items = 0;
        const worker = function* (): Coroutine<void> {
          for (;;) {
            while (items === 0) yield* event.wait();
            items--;
            yield* sleep(20);
          }
        };
        startMany(30, worker);
        yield* sleep(1);
        items++;
        event.set();
        event.clear();
        yield* sleep(3_000);
      }),
    ).toEqual([]);
    expect(
      idsOf(function* () {
        const queue = new Queue<number>();
        startMany(30, function* () {
          for (;;) {
            yield* queue.get();
            yield* sleep(20);
          }
        });
        for (let item = 0; item < 30; item++) {
          yield* sleep(100);
          queue.putNowait(item);
        }
        yield* createTask(() => sleep(1));
      }),
    ).toEqual([]);
  });
});
