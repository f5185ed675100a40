// Which loop is the current one: the one whose callback is on the stack, else the thread's default.

import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type EventLoop, getEventLoop, getRunningLoop, setEventLoop } from "../../src/eventLoop.ts";
import { RuntimeError } from "../../src/loop/errors.ts";
import type { Coroutine } from "../../src/tasks/coroutine.ts";
import { sleep } from "../../src/tasks/sleep.ts";
import { newVirtualLoop, runDry } from "../support/virtualLoop.ts";

let loop: EventLoop;
let trace: string[];

beforeEach(() => {
  loop = newVirtualLoop();
  trace = [];
});

function push(letter: string): void {
  trace.push(letter);
}

describe("the current loop", () => {
  afterEach(() => {
    setEventLoop(null);
  });

  test("is the running one inside a callback and a task", () => {
    const loops: EventLoop[] = [];
    loop.callSoon(() => loops.push(getRunningLoop(), getEventLoop()));
    loop.createTask(function* (): Coroutine<void> {
      yield;
      loops.push(getRunningLoop(), getEventLoop());
    });
    runDry(loop);

    expect(loops.map((found) => found === loop)).toEqual([true, true, true, true]);
  });

  test("does not run outside of callbacks", async () => {
    expect(getRunningLoop).toThrow(RuntimeError);
    const run = loop.runUntilComplete(sleep(1));
    expect(getRunningLoop).toThrow(RuntimeError);
    await run;
    expect(getRunningLoop).toThrow(RuntimeError);
  });

  test("is the thread's default loop elsewhere, made on first use", () => {
    const made = getEventLoop();

    expect([getEventLoop() === made, made.isRunning()]).toEqual([true, false]);
  });

  test("is what setEventLoop was given, until that is taken back", () => {
    setEventLoop(loop);
    const given = getEventLoop();
    setEventLoop(null);

    expect([given === loop, getEventLoop() === loop]).toEqual([true, false]);
  });

  test("is a new one once the default loop is closed", () => {
    setEventLoop(loop);
    loop.close();

    expect(getEventLoop().isClosed()).toBe(false);
  });

  test("is the inner one inside a loop that runs in another one's callback", () => {
    const inner = newVirtualLoop();
    loop.callSoon(() => {
      push(String(getRunningLoop() === loop));
      inner.callSoon(() => push(String(getRunningLoop() === inner)));
      runDry(inner);
      push(String(getRunningLoop() === loop));
    });
    runDry(loop);

    expect(trace).toEqual(["true", "true", "true"]);
  });
});
