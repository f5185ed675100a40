// Tests that a loop uses the host's own clock and timers, even if a test runner replaces them with
// fake ones.

import { afterEach, describe, expect, test, vi } from "vitest";
import {
  createTask,
  fromPromise,
  gather,
  newEventLoop,
  run,
  sleep,
  toAsync,
} from "../../../src/index.ts";

const now = performance.now.bind(performance);
const later = setTimeout;

afterEach(() => {
  vi.useRealTimers();
});

type Faked = NonNullable<NonNullable<Parameters<typeof vi.useFakeTimers>[0]>["toFake"]>;

const SETS: readonly (readonly [string, Faked | undefined])[] = [
  ["everything that Vitest fakes", undefined],
  ["only timeouts", ["setTimeout", "clearTimeout"]],
  ["timeouts and dates", ["setTimeout", "clearTimeout", "Date"]],
  ["only the clock", ["performance", "Date"]],
  ["microtasks as well", ["setTimeout", "clearTimeout", "performance", "queueMicrotask"]],
  ...("setImmediate" in globalThis
    ? [["immediates alone", ["setImmediate", "clearImmediate"]] as [string, Faked]]
    : []),
];

function fake(toFake: Faked | undefined): void {
  vi.useFakeTimers(toFake === undefined ? undefined : { toFake });
}

/** Sleeps, lets the host run, and awaits a promise. Returns the real time that it took. */
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
  test("that are installed before a loop starts do not affect it", async () => {
    fake(toFake);
    expect(await program(10)).toBeGreaterThanOrEqual(10);
    expect(
      await toAsync(function* () {
        return yield* sleep(5, "slept");
      })(),
    ).toBe("slept");
  });

  test("that are installed while a loop sleeps do not change when it wakes", async () => {
    const running = program(20);
    await new Promise((resolve) => later(resolve, 2));
    fake(toFake);
    if (toFake === undefined) vi.advanceTimersByTime(100_000);
    expect(await running).toBeGreaterThanOrEqual(20);
  });

  test("that are removed while a loop sleeps do not change when it wakes", async () => {
    fake(toFake);
    const running = program(20);
    await new Promise((resolve) => later(resolve, 2));
    vi.useRealTimers();
    expect(await running).toBeGreaterThanOrEqual(20);
  });

  test("do not affect a loop whose module is imported while they are installed", async () => {
    vi.resetModules();
    fake(toFake);
    const fresh = {
      ...(await import("../../../src/program/run.ts")),
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

test("a loop's time does not jump when fake timers are installed or removed", async () => {
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

test("endless work under fake timers lets the host run", async () => {
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
