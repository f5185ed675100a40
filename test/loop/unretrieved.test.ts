// Exceptions that nobody has seen are reported once.

import { beforeEach, describe, expect, test } from "vitest";
import type { EventLoop } from "../../src/eventLoop.ts";
import type { ExceptionContext } from "../../src/loop/scheduler.ts";
import type { Coroutine } from "../../src/tasks/coroutine.ts";
import type { Future } from "../../src/tasks/future.ts";
import { gather } from "../../src/tasks/gather.ts";
import { collectGarbage } from "../support/garbage.ts";
import { collectReports } from "../support/reports.ts";
import { newVirtualLoop, runDry } from "../support/virtualLoop.ts";

const failure = new Error("failure");

let loop: EventLoop;
let reports: ExceptionContext[];

beforeEach(() => {
  loop = newVirtualLoop();
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

describe("an exception that nobody retrieved is reported", () => {
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
    ["name is no string", { name: { value: Symbol("name") } }],
    ["stack cannot be read", { stack: { get: () => expect.unreachable("by an error") } }],
  ])("though its %s", async (_, properties) => {
    const odd = Object.defineProperties(new Error("odd"), properties);
    // In one slice: the first does not keep the other from being watched.
    loop.createTask(function* (): Coroutine<never> {
      throw odd;
    });
    loop.createTask(fail);
    runDry(loop);
    await collectGarbage(() => reports.length > 1);

    expect(new Set(reports.map(({ exception }) => exception))).toEqual(new Set([odd, failure]));
  });

  test("once for each of many tasks that nobody keeps, while the loop runs", async () => {
    const MANY = 2_000;
    for (let i = 0; i < MANY; i++) {
      // Its stack trace, which nobody reads, knows the task.
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

  test("once, though the loop closes and then the future is collected", async () => {
    newFailed();
    loop.close();
    const open = newVirtualLoop();
    const later = collectReports(open);
    open.createFuture().setException(failure);
    await collectGarbage(() => later.length > 0);

    expect(reports).toHaveLength(1);
  });

  test("though the future has done callbacks that did not ask", () => {
    const future = loop.createFuture();
    future.addDoneCallback(() => {});
    future.setException(failure);
    runDry(loop);
    loop.close();

    expect(reports).toHaveLength(1);
  });

  test("though it is undefined", () => {
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

  test("by the task that gets its own cancellation in its place", () => {
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

test("a cancelled future has nothing to report", () => {
  loop.createFuture().cancel();
  loop.close();

  expect(reports).toMatchObject([]);
});
