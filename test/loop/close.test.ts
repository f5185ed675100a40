import { afterEach, describe, expect, vi } from "vitest";
import { type Coroutine, type EventLoop, RuntimeError, sleep } from "../../src/index.ts";
import { hostTimer } from "../support/host.ts";
import { collectReports } from "../support/reports.ts";
import { newVirtualLoop, runDry } from "../support/virtualLoop.ts";
import { loop, test, trace } from "../support/virtualTest.ts";

afterEach(() => {
  vi.restoreAllMocks();
});

function push(letter: string): void {
  trace.push(letter);
}

describe("close", () => {
  test("drops all callbacks, timers and tasks that are still waiting", () => {
    loop.callSoon(push, "x");
    loop.callLater(1, push, "x");
    loop.createTask(function* (): Coroutine<void> {
      push("x");
    });
    loop.close();

    expect([loop.isClosed(), [...loop._slots], trace]).toEqual([true, [], []]);
  });

  test("does nothing if the loop is already closed", () => {
    loop.close();
    loop.close();

    expect(loop.isClosed()).toBe(true);
  });

  test("reports unretrieved exceptions", () => {
    const reports = collectReports(loop);
    const future = loop.createFuture();
    future.setException("failure");
    loop.close();

    expect(reports.map(({ exception }) => exception)).toEqual(["failure"]);
  });

  const uses: Record<string, (closed: EventLoop) => unknown> = {
    callSoon: (closed) => closed.callSoon(() => {}),
    callLater: (closed) => closed.callLater(1, () => {}),
    callAt: (closed) => closed.callAt(1, () => {}),
    createTask: (closed) => closed.createTask(function* () {}),
    runForever: (closed) => closed.runForever(),
    runUntilComplete: (closed) => closed.runUntilComplete(sleep(1)),
    runForeverSync: (closed) => closed.runForeverSync(),
    runUntilCompleteSync: (closed) => closed.runUntilCompleteSync(sleep(1)),
  };

  test.each(Object.entries(uses))("makes %s fail with a RuntimeError", async (_, use) => {
    loop.close();

    await expect(async () => use(loop)).rejects.toThrow(RuntimeError);
  });
});

describe("an exception handler that runs during close", () => {
  const uses: Record<string, (closing: EventLoop) => unknown> = {
    "close()": (closing) => closing.close(),
    "runForever()": (closing) => closing.runForever().catch(() => {}),
    "callSoon()": (closing) => closing.callSoon(push, "x"),
  };

  // Cores are used again: the next loops must not share one.
  test.each(Object.entries(uses))("may call %s without harming another loop", async (_, use) => {
    vi.spyOn(console, "error").mockImplementation(() => {});
    const others: EventLoop[] = [];
    loop.setExceptionHandler((closing) => {
      try {
        use(closing);
      } finally {
        others.push(newVirtualLoop());
      }
    });
    loop.createFuture().setException("failure");
    loop.close();
    others.push(newVirtualLoop());
    others.forEach((other, i) => {
      other.callSoon(push, `${i}`);
      other.callLater(1, push, `${i}`);
    });
    await hostTimer(1);
    others.forEach(runDry);

    expect([loop.isClosed(), trace.join("")]).toEqual([true, "0011"]);
    expect(new Set(others.map((other) => other._core)).size).toBe(2);
  });
});

test.each([
  ["nothing", 0],
  ["something", 1],
])("a new loop inherits nothing from one that was closed with %s pending", (_, pending) => {
  const first = newVirtualLoop();
  for (let i = 0; i < 3_000; i++) first.callLater(i % 7, () => undefined);
  first.callSoon(() => first.callLater(10, () => first.stop()));
  first.runForeverSync();
  for (let i = 0; i < pending; i++) first.callLater(1, () => undefined);
  first.close();
  const second = newVirtualLoop();
  expect([...second._slots]).toEqual([]);
  const handle = second.callSoon(() => undefined);
  expect([...second._slots]).toEqual([handle]);
  // A second close() must not harm the loop that has reused the core.
  first.close();
  expect([...second._slots]).toEqual([handle]);
});
