// Fake timers of a test runner: a loop takes all of its time from the host, whatever a test puts in place of it.

import { afterEach, describe, expect, test, vi } from "vitest";
import { newEventLoop } from "../../../src/eventLoop.ts";
import { run } from "../../../src/run.ts";
import { createTask } from "../../../src/tasks/awaitable.ts";
import { fromPromise } from "../../../src/tasks/fromPromise.ts";
import { gather } from "../../../src/tasks/gather.ts";
import { sleep } from "../../../src/tasks/sleep.ts";
import { toAsync } from "../../../src/toAsync.ts";

const now = performance.now.bind(performance);
const later = setTimeout;

afterEach(() => {
  vi.useRealTimers();
});

type Faked = NonNullable<NonNullable<Parameters<typeof vi.useFakeTimers>[0]>["toFake"]>;

const SETS: readonly (readonly [string, Faked | undefined])[] = [
  ["all that Vitest fakes", undefined],
  ["timeouts alone", ["setTimeout", "clearTimeout"]],
  ["timeouts and dates", ["setTimeout", "clearTimeout", "Date"]],
  ["the clock alone", ["performance", "Date"]],
  ["microtasks too", ["setTimeout", "clearTimeout", "performance", "queueMicrotask"]],
  ...("setImmediate" in globalThis
    ? [["immediates alone", ["setImmediate", "clearImmediate"]] as [string, Faked]]
    : []),
];

function fake(toFake: Faked | undefined): void {
  vi.useFakeTimers(toFake === undefined ? undefined : { toFake });
}

/** Sleeps, gives the host its turn and awaits a promise. Returns how long that took in real time. */
async function program(delay: number): Promise<number> {
  const start = now();
  await run(function* () {
    yield* gather([sleep(delay), sleep(delay / 2)]);
    for (let i = 0; i < 100; i++) yield;
    yield* fromPromise(Promise.resolve());
  });
  return now() - start;
}

describe.each(SETS)("fake timers (%s)", (_, toFake) => {
  test("that come before a loop are not seen by it", async () => {
    fake(toFake);
    expect(await program(10)).toBeGreaterThanOrEqual(10);
    expect(
      await toAsync(function* () {
        return yield* sleep(5, "slept");
      })(),
    ).toBe("slept");
  });

  test("that come while a loop sleeps neither wake it early nor keep it asleep", async () => {
    const running = program(20);
    await new Promise((resolve) => later(resolve, 2));
    fake(toFake);
    if (toFake === undefined) vi.advanceTimersByTime(100_000);
    expect(await running).toBeGreaterThanOrEqual(20);
  });

  test("that go while a loop sleeps neither wake it early nor keep it asleep", async () => {
    fake(toFake);
    const running = program(20);
    await new Promise((resolve) => later(resolve, 2));
    vi.useRealTimers();
    expect(await running).toBeGreaterThanOrEqual(20);
  });

  test("do not reach a loop whose module is imported under them", async () => {
    vi.resetModules();
    fake(toFake);
    const fresh = {
      ...(await import("../../../src/run.ts")),
      ...(await import("../../../src/tasks/sleep.ts")),
    };
    const start = now();
    await fresh.run(() => fresh.sleep(10));
    const running = fresh.run(() => fresh.sleep(20));
    await new Promise((resolve) => later(resolve, 2));
    vi.useRealTimers();
    await running;
    expect(now() - start).toBeGreaterThanOrEqual(30);
  });
});

test("the time of a loop does not jump as fake timers come and go", async () => {
  const loop = newEventLoop();
  const times = [loop.time()];
  vi.useFakeTimers();
  times.push(loop.time());
  vi.advanceTimersByTime(1e9);
  times.push(loop.time());
  vi.useRealTimers();
  times.push(loop.time());
  loop.close();

  expect(times).toEqual(times.toSorted((a, b) => a - b));
  expect((times.at(-1) as number) - (times[0] as number)).toBeLessThan(1e6);
});

test("endless work under fake timers gives the host its turn", async () => {
  vi.useFakeTimers();
  let isOver = false;
  await run(function* () {
    const task = createTask(function* () {
      for (; !isOver; ) yield;
    });
    yield* fromPromise(new Promise((resolve) => later(resolve, 20)));
    isOver = true;
    yield* task;
  });
  expect(isOver).toBe(true);
});
