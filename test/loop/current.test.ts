// The current loop: the one whose callback is on the stack, or else the thread's default loop.

import { afterEach, describe, expect } from "vitest";
import {
  type Coroutine,
  type EventLoop,
  getEventLoop,
  getRunningLoop,
  RuntimeError,
  setEventLoop,
  sleep,
} from "../../src/index.ts";
import { newVirtualLoop, runDry } from "../support/virtualLoop.ts";
import { loop, test, trace } from "../support/virtualTest.ts";

function push(letter: string): void {
  trace.push(letter);
}

describe("the current loop", () => {
  afterEach(() => {
    setEventLoop(null);
  });

  test("is the running loop inside a callback and a task", () => {
    const loops: EventLoop[] = [];
    loop.callSoon(() => loops.push(getRunningLoop(), getEventLoop()));
    loop.createTask(function* (): Coroutine<void> {
      yield;
      loops.push(getRunningLoop(), getEventLoop());
    });
    runDry(loop);

    expect(loops.map((found) => found === loop)).toEqual([true, true, true, true]);
  });

  test("does not exist outside callbacks, where getRunningLoop throws", async () => {
    expect(getRunningLoop).toThrow(RuntimeError);
    const run = loop.runUntilComplete(sleep(1));
    expect(getRunningLoop).toThrow(RuntimeError);
    await run;
    expect(getRunningLoop).toThrow(RuntimeError);
  });

  test("is the thread's default loop outside callbacks, where getEventLoop creates it on first use", () => {
    const made = getEventLoop();

    expect([getEventLoop() === made, made.isRunning()]).toEqual([true, false]);
  });

  test("is the one passed to setEventLoop, until it is reset", () => {
    setEventLoop(loop);
    const given = getEventLoop();
    setEventLoop(null);

    expect([given === loop, getEventLoop() === loop]).toEqual([true, false]);
  });

  test("is a new loop after the default loop was closed", () => {
    setEventLoop(loop);
    loop.close();

    expect(getEventLoop().isClosed()).toBe(false);
  });

  test("is the inner loop if one runs inside another loop's callback", () => {
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
