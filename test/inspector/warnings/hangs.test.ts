import { describe, expect, test } from "vitest";
import {
  type Coroutine,
  coroutine,
  createTask,
  Event,
  type EventLoop,
  gather,
  Lock,
  Queue,
  sleep,
  type Task,
  taskGroup,
  timeout,
} from "../../../src/index.ts";
import { idsOf, startMany, warningsOf } from "./watch.ts";

describe("deadlock", () => {
  const bothLocks = coroutine(function* acquireBoth(first: Lock, second: Lock): Coroutine<void> {
    yield* first.acquire();
    yield* sleep(10);
    yield* second.acquire();
  });

  test("is raised for two tasks that each hold the lock that the other one needs", () => {
    const found = warningsOf(function* () {
      const [a, b] = [new Lock(), new Lock()];
      createTask(() => bothLocks(a, b), { name: "left" });
      createTask(() => bothLocks(b, a), { name: "right" });
      yield* sleep(500);
      const behind = createTask(() => a.acquire(), { name: "behind" });
      yield* sleep(3_000);
      expect(behind.done()).toBe(false);
    });

    expect(found).toMatchObject([
      {
        id: "deadlock",
        message: "2 tasks wait for each other, and nothing else can wake them",
        evidence:
          "left waits for Lock 1, held by right; right waits for Lock 2, held by left. 1 other task waits for them",
        place: "acquireBoth",
        tasks: [{ name: "left" }, { name: "right" }],
      },
    ]);
  });

  test("is raised for tasks that await each other", () => {
    const found = warningsOf(function* () {
      const tasks: Task<unknown>[] = [];
      for (let i = 0; i < 3; i++) {
        tasks.push(
          createTask(function* ring(): Coroutine<void> {
            yield* sleep(1);
            yield* gather([tasks[(i + 1) % 3] as Task<unknown>]);
          }),
        );
      }
      yield* sleep(3_000);
    });

    expect(found.map(({ id, tasks }) => [id, tasks.length])).toEqual([["deadlock", 3]]);
  });

  test("is not raised while a timeout, or another part of a gather, can still wake one of the tasks", () => {
    expect(
      idsOf(function* () {
        const [a, b] = [new Lock(), new Lock()];
        createTask(() => timeout(60_000, () => bothLocks(a, b)));
        createTask(() => bothLocks(b, a));
        const other: Task<unknown> = createTask(function* () {
          yield* sleep(1);
          yield* gather([main, sleep(60_000)]);
        });
        const main = createTask(function* () {
          yield* gather([other]);
        });
        yield* sleep(3_000);
      }),
    ).toEqual([]);
  });

  test("is not raised for several tasks that wait for a lock whose holder will release it", () => {
    expect(
      idsOf(function* () {
        const lock = new Lock();
        startMany(5, () => lock.with(() => sleep(1_700)));
        yield* sleep(6_000);
      }),
    ).toEqual([]);
  });

  test("is not raised for a deadlock that ends within a second", () => {
    expect(
      idsOf(function* () {
        yield* sleep(950);
        const [a, b] = [new Lock(), new Lock()];
        const left = createTask(() => bothLocks(a, b));
        createTask(() => bothLocks(b, a));
        yield* sleep(900);
        left.cancel();
        a.release();
        yield* sleep(3_000);
      }),
    ).toEqual([]);
  });
});

function* pending(loop: EventLoop): Coroutine<void> {
  yield* loop.createFuture<void>();
}

describe("forgotten-task", () => {
  test("is raised when creators end and leave tasks behind that never end", () => {
    const found = warningsOf(function* (loop) {
      const audit = coroutine(function* writeAudit(): Coroutine<void> {
        yield* loop.createFuture<void>();
      });
      startMany(4, function* () {
        yield* sleep(5);
        createTask(audit);
      });
      yield* sleep(3_000);
    });

    expect(found).toMatchObject([
      {
        id: "forgotten-task",
        place: "writeAudit",
        evidence: expect.stringMatching(
          /^4 tasks of (worker-\d, ){2}worker-\d, \.\.\.; nothing has woken them since they began to wait, the oldest 4\.0 s ago$/,
        ),
      },
    ]);
    expect(found[0]?.tasks).toHaveLength(4);
  });

  test("is not raised for tasks that outlive their creators by design", () => {
    expect(
      idsOf(function* (loop) {
        const queue = new Queue<number>();
        const stop = new Event();
        // Consumers that one task starts, listeners, and work that goes on in the background.
        yield* createTask(function* () {
          startMany(10, () => queue.get());
          createTask(() => pending(loop));
        });
        startMany(10, function* () {
          createTask(() => stop.wait());
          createTask(() => sleep(100_000));
          createTask(function* () {
            for (;;) yield* sleep(100);
          });
        });
        yield* sleep(5_000);
      }),
    ).toEqual([]);
  });

  test("is not raised for tasks that are awaited, or whose creators are still running", () => {
    expect(
      idsOf(function* (loop) {
        createTask(() =>
          taskGroup(function* (group) {
            for (let i = 0; i < 5; i++) group.createTask(() => pending(loop));
          }),
        );
        startMany(5, function* () {
          createTask(() => pending(loop));
          yield* loop.createFuture<void>();
        });
        yield* sleep(5_000);
      }),
    ).toEqual([]);
  });
});
