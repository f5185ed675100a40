// Unretrieved exceptions are reported once.

import { beforeEach, describe, expect } from "vitest";
import { type Coroutine, type ExceptionContext, type Future, gather } from "../../src/index.ts";
import { collectGarbage } from "../support/garbage.ts";
import { collectReports } from "../support/reports.ts";
import { newVirtualLoop, runDry } from "../support/virtualLoop.ts";
import { loop, test } from "../support/virtualTest.ts";

const failure = new Error("failure");

let reports: ExceptionContext[];

beforeEach(() => {
  reports = collectReports(loop);
});

function newFailed(): Future<never> {
  const future = loop.createFuture<never>();
  future.setException(failure);
  return future;
}

function* fail(): Coroutine<never> {
  throw failure;
}

describe("an unretrieved exception is reported", () => {
  test("when its future is collected", async () => {
    newFailed();
    await collectGarbage(() => reports.length > 0);

    expect(reports).toMatchObject([{ message: expect.any(String), exception: failure }]);
  });

  test("when its task is collected", async () => {
    loop.createTask(fail, { name: "the task" });
    runDry(loop);
    await collectGarbage(() => reports.length > 0);

    expect(reports).toMatchObject([
      { message: expect.stringContaining("the task"), exception: failure },
    ]);
  });

  test.each([
    ["name is not a string", { name: { value: Symbol("name") } }],
    ["stack cannot be read", { stack: { get: () => expect.unreachable("by an error") } }],
  ])("even if its %s", async (_, properties) => {
    const odd = Object.defineProperties(new Error("odd"), properties);
    // In one slice: the first does not prevent the other from being watched.
    loop.createTask(function* (): Coroutine<never> {
      throw odd;
    });
    loop.createTask(fail);
    runDry(loop);
    await collectGarbage(() => reports.length > 1);

    expect(new Set(reports.map(({ exception }) => exception))).toEqual(new Set([odd, failure]));
  });

  test("once for each of many tasks that nothing refers to, while the loop runs", async () => {
    const MANY = 2_000;
    for (let i = 0; i < MANY; i++) {
      // The stack trace of this error, which nobody reads, refers to the task.
      loop.createTask(function* (): Coroutine<never> {
        throw new Error("again");
      });
    }
    const running = loop.runForever();
    await collectGarbage(() => reports.length >= MANY);
    const reported = [reports.length, new Set(reports.map(({ exception }) => exception)).size];
    loop.stop();
    await running;
    loop.close();

    expect([...reported, reports.length]).toEqual([MANY, MANY, MANY]);
  });

  test("when its loop is closed", () => {
    const kept = [newFailed(), loop.createTask(fail)];
    runDry(loop);
    const before = reports.length;
    loop.close();

    expect([before, reports.length, kept.length]).toEqual([0, 2, 2]);
  });

  test("once, if the loop closes and then the future is collected", async () => {
    newFailed();
    loop.close();
    const open = newVirtualLoop();
    const later = collectReports(open);
    open.createFuture().setException(failure);
    await collectGarbage(() => later.length > 0);

    expect(reports).toHaveLength(1);
  });

  test("even if the future has done callbacks that did not retrieve it", () => {
    const future = loop.createFuture();
    future.addDoneCallback(() => {});
    future.setException(failure);
    runDry(loop);
    loop.close();

    expect(reports).toHaveLength(1);
  });

  test("even if it is undefined", () => {
    loop.createFuture().setException(undefined);
    loop.close();

    expect(reports).toHaveLength(1);
  });
});

describe("an exception counts as retrieved", () => {
  const retrievals: Record<string, (future: Future<never>) => unknown> = {
    "by exception()": (future) => future.exception(),
    "by result()": (future) => expect(() => future.result()).toThrow(failure),
    "by a task that awaits it": (future) =>
      loop.createTask(function* (): Coroutine<void> {
        try {
          yield* future;
        } catch {}
      }),
    "by an async function that awaits it": (future) => future.catch(() => {}),
    "by gather": (future) => gather([future]).exception(),
    "as a later failure of a gather": (future) => gather([newFailed(), future]).exception(),
  };

  test.each(Object.entries(retrievals))("%s", (_, retrieve) => {
    retrieve(newFailed());
    runDry(loop);
    loop.close();

    expect(reports).toMatchObject([]);
  });

  test("by a task that waited for it", () => {
    const future = loop.createFuture();
    loop.createTask(function* (): Coroutine<void> {
      try {
        yield* future;
      } catch {}
    });
    loop.callLater(1, () => future.setException(failure));
    runDry(loop);
    loop.close();

    expect(reports).toMatchObject([]);
  });

  test("by an async function that waited for it", async () => {
    const future = loop.createFuture();
    const awaited = future.then(undefined, (error) => error);
    future.setException(failure);
    loop.close();

    expect([await awaited, reports]).toEqual([failure, []]);
  });

  test("if the task that waits for it is cancelled in the same turn", () => {
    const future = loop.createFuture();
    const task = loop.createTask(function* (): Coroutine<void> {
      yield* future;
    });
    loop.callSoon(() => {
      future.setException(failure);
      task.cancel();
    });
    runDry(loop);
    loop.close();

    expect([task.cancelled(), reports]).toEqual([true, []]);
  });
});

test("a cancelled future is not reported", () => {
  loop.createFuture().cancel();
  loop.close();

  expect(reports).toMatchObject([]);
});
