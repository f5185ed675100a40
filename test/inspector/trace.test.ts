import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import {
  type Coroutine,
  createTask,
  type EventLoop,
  gather,
  Lock,
  Queue,
  sleep,
} from "../../src/index.ts";
import { eventsOf } from "../../src/inspector/traceEvents.ts";
import { SERVING_BEGINS, SERVING_ENDS } from "../../src/inspector/traceRing.ts";
import { snapshot, startTrace, traceEvents } from "../../src/inspector.ts";
import { explore } from "../../src/testing.ts";
import { checkTrace } from "../support/checkTrace.ts";
import { scale } from "../support/effort.ts";
import { newVirtualLoop } from "../support/virtualLoop.ts";

let loop: EventLoop;

beforeEach(() => {
  loop = newVirtualLoop();
});

afterEach(() => loop.close());

function* producer(queue: Queue<number>, count: number): Coroutine<void> {
  for (let i = 0; i < count; i++) yield* queue.put(i);
}

function* consumer(queue: Queue<number>, lock: Lock, count: number): Coroutine<void> {
  for (let i = 0; i < count; i++) {
    yield* queue.get();
    yield* lock.with(() => sleep(1));
  }
}

function* program(count: number): Coroutine<void> {
  const queue = new Queue<number>(1);
  const lock = new Lock();
  createTask(() => consumer(queue, lock, count), { name: "consumer 1" });
  createTask(() => consumer(queue, lock, count), { name: "<b>consumer 2</b>" });
  yield* gather([producer(queue, count), producer(queue, count)]);
  yield* sleep(1);
}

describe("a trace", () => {
  test("contains at most 500 characters of a task's name, as does a snapshot", () => {
    const recording = startTrace({ loop });
    let names: string[] = [];
    loop.runUntilCompleteSync(function* () {
      yield* createTask(
        function* () {
          names = snapshot(loop).tasks.map((task) => task.name);
          yield* sleep(1);
        },
        { name: "x".repeat(1_000_000) },
      );
    });
    recording.stop();
    const inTrace = traceEvents(recording).flatMap(({ name, args }) => [name, args?.["name"]]);

    for (const known of [names, inTrace]) {
      expect(known).toContain("x".repeat(500));
      expect(Math.max(...known.map((name) => String(name).length))).toBe(500);
    }
  });

  test("has a slice for each step and each wait, and an arrow from each waker to what it woke", () => {
    const recording = startTrace({ loop });
    loop.runUntilCompleteSync(() => program(3));
    recording.stop();
    const seen = recording.seen;
    loop.runUntilCompleteSync(() => program(1));
    const events = traceEvents(recording);

    checkTrace(events);
    expect([recording.isRecording, recording.seen]).toEqual([false, seen]);
    const threads = events.filter(({ ph }) => ph === "M").map(({ args }) => args?.["name"]);
    expect(threads).toEqual(expect.arrayContaining(["steps", "consumer 1", "<b>consumer 2</b>"]));
    const names = new Set(events.map(({ name }) => name));
    for (const kind of ["Queue", "Lock", "Sleep"]) expect(names).toContain(`waits for ${kind}`);
    expect(events.filter(({ ph }) => ph === "s").length).toBeGreaterThan(3);
    expect(JSON.parse(JSON.stringify(events))).toEqual(events);
  });

  test("names callbacks, and distinguishes them from tasks by their category", () => {
    const recording = startTrace({ loop });
    loop.runUntilCompleteSync(function* () {
      loop.callSoon(function refresh() {});
      yield* createTask(sleep(1), { name: "refresh" });
    });
    recording.stop();
    const found = traceEvents(recording).filter(
      ({ name, ph }) => name.includes("refresh") && ph === "X",
    );

    expect(new Set(found.map(({ cat }) => cat))).toEqual(new Set(["step", "callback"]));
  });

  test("can contain 70,000 calls that a thread has run", () => {
    const calls = 70_000;
    const each = <T>(...values: T[]) => Array.from({ length: calls }, () => values).flat();
    const numbers = Array.from({ length: calls }, (_, at) => [at + 1, at + 1]).flat();
    const events = eventsOf({
      kinds: each(SERVING_BEGINS, SERVING_ENDS),
      times: numbers.map((_, at) => at),
      subjects: numbers,
      objects: each(0, 0),
      names: numbers.map((number) => [number, "call"] as const),
      labels: [""],
    });

    expect(events.length).toBeGreaterThan(calls);
  });

  test("keeps the latest events, and stays valid when the first ones are dropped", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 200 }), (limit) => {
        const own = newVirtualLoop();
        const recording = startTrace({ loop: own, limit });
        own.runUntilCompleteSync(() => program(5));
        recording.stop();
        own.close();

        checkTrace(traceEvents(recording));
        expect(recording.seen).toBeGreaterThan(100);
      }),
      { numRuns: scale(20, 200) },
    );
  });

  test("is valid in any order of steps, even if tasks are cancelled", async () => {
    await explore(
      function* () {
        const recording = startTrace();
        yield* program(2);
        recording.stop();
        checkTrace(traceEvents());
      },
      { runs: scale(20, 200), cancelPoints: true, leaks: false },
    );
  });

  test("throws for an invalid loop or limit, and for a loop that is already being recorded", () => {
    expect(() => startTrace()).toThrow("startTrace() needs an event loop");
    expect(() => startTrace({ loop, limit: 0 })).toThrow(RangeError);
    expect(() => startTrace({ loop, limit: Infinity })).toThrow(RangeError);
    expect(() => traceEvents({} as never)).toThrow("Expected `recording` to be");
  });
});
