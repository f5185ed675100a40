// Tests that a loop that always has work does not starve its host.

import { beforeEach, describe, expect, test } from "vitest";
import { type Coroutine, type EventLoop, fromPromise, newEventLoop, run } from "../../src/index.ts";
import { hostTimer, untilHost } from "../support/host.ts";

let loop: EventLoop;

beforeEach(() => {
  loop = newEventLoop();
});

describe("a loop with endless work lets the host run", () => {
  test("between callbacks", async () => {
    const host = untilHost((done) => setTimeout(done, 0));
    const spin = () => (host.over() ? loop.stop() : loop.callSoon(spin));
    spin();
    await loop.runForever();

    expect(host.happened).toBe(true);
  });

  test("within a turn that is longer than a slice", async () => {
    const host = untilHost((done) => setTimeout(done, 0));
    let ran = 0;
    const wasteTime = () => {
      const end = performance.now() + 1;
      while (performance.now() < end && !host.over());
      if (!host.over()) ran++;
    };
    for (let i = 0; i < 2_000; i++) loop.callSoon(wasteTime);
    loop.callSoon(() => loop.stop());
    await loop.runForever();

    expect([host.happened, ran < 2_000]).toEqual([true, true]);
  });

  test("between callbacks that all throw", async () => {
    const host = untilHost((done) => setTimeout(done, 0));
    loop.setExceptionHandler(() => {});
    const spin = () => {
      if (host.over()) loop.stop();
      else loop.callSoon(spin);
      throw new Error("again");
    };
    loop.callSoon(spin);
    await loop.runForever();

    expect(host.happened).toBe(true);
  });

  test("between the steps of a task", async () => {
    const host = untilHost((done) => setTimeout(done, 0));
    await loop.runUntilComplete(function* (): Coroutine<void> {
      while (!host.over()) yield;
    });

    expect(host.happened).toBe(true);
  });

  test("between timers that are all due", async () => {
    const host = untilHost((done) => setTimeout(done, 0));
    const spin = () => (host.over() ? loop.stop() : loop.callLater(0, spin));
    spin();
    await loop.runForever();

    expect(host.happened).toBe(true);
  });

  test("between promises that are already settled", async () => {
    const host = untilHost((done) => setTimeout(done, 0));
    await loop.runUntilComplete(function* (): Coroutine<void> {
      while (!host.over()) yield* fromPromise(Promise.resolve());
    });

    expect(host.happened).toBe(true);
  });

  test("between promises of several tasks", async () => {
    const host = untilHost((done) => setTimeout(done, 0));
    function* pingPong(): Coroutine<void> {
      while (!host.over()) yield* fromPromise(Promise.resolve());
    }
    const tasks = [loop.createTask(pingPong), loop.createTask(pingPong)];
    for (const task of tasks) await loop.runUntilComplete(task);

    expect(host.happened).toBe(true);
  });

  test("when it shares the microtasks with another loop", async () => {
    const host = untilHost((done) => setTimeout(done, 0));
    function* spin(): Coroutine<void> {
      while (!host.over()) yield;
    }
    await Promise.all([loop.runUntilComplete(spin), run(spin)]);

    expect(host.happened).toBe(true);
  });
});

test.each([0, 0.001])("a slice of %s ms still lets the loop continue", async (slice) => {
  loop = newEventLoop({ slice });
  let left = 100;
  const count = () => (--left === 0 ? loop.stop() : loop.callSoon(count));
  count();
  await Promise.race([loop.runForever(), hostTimer(1_000)]);

  expect(left).toBe(0);
});
