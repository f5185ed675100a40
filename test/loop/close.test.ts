import { beforeEach, describe, expect, test } from "vitest";
import type { EventLoop } from "../../src/eventLoop.ts";
import { RuntimeError } from "../../src/loop/errors.ts";
import type { Coroutine } from "../../src/tasks/coroutine.ts";
import { sleep } from "../../src/tasks/sleep.ts";
import { collectReports } from "../support/reports.ts";
import { newVirtualLoop } from "../support/virtualLoop.ts";

let loop: EventLoop;
let trace: string[];

beforeEach(() => {
  loop = newVirtualLoop();
  trace = [];
});

function push(letter: string): void {
  trace.push(letter);
}

describe("close", () => {
  test("drops what still waits", () => {
    loop.callSoon(push, "x");
    loop.callLater(1, push, "x");
    loop.createTask(function* (): Coroutine<void> {
      push("x");
    });
    loop.close();

    expect([loop.isClosed(), [...loop._slots], trace]).toEqual([true, [], []]);
  });

  test("does nothing the second time", () => {
    loop.close();
    loop.close();

    expect(loop.isClosed()).toBe(true);
  });

  test("reports exceptions that nobody retrieved", () => {
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
