import { afterEach, beforeEach, expect, test } from "vitest";
import { createTask, type EventLoop, type ExceptionContext, sleep } from "../../src/index.ts";
import {
  type FlightCause,
  startTrace,
  type TraceEvent,
  traceEvents,
  warnings,
} from "../../src/inspector.ts";
import { collectReports } from "../support/reports.ts";
import { newVirtualLoop } from "../support/virtualLoop.ts";

let loop: EventLoop;
let reports: ExceptionContext[];

beforeEach(() => {
  loop = newVirtualLoop();
  reports = collectReports(loop);
});

afterEach(() => loop.close());

/** Causes a warning, because its child ignores a cancellation. */
function* troubled() {
  const child = createTask(
    function* () {
      try {
        yield* sleep(10_000);
      } catch {}
    },
    { name: "stubborn" },
  );
  yield* sleep(1);
  child.cancel();
  yield* child;
  yield* sleep(2_000);
}

test("a flight recorder passes the latest events to `dump` at the first warning of a kind", () => {
  const dumps: [TraceEvent[], FlightCause][] = [];
  warnings(loop);
  const recording = startTrace({
    loop,
    limit: 8,
    dump: (events, cause) => dumps.push([events, cause]),
  });
  loop.runUntilCompleteSync(function* () {
    yield* troubled();
    yield* troubled();
  });

  expect(dumps).toHaveLength(1);
  expect(dumps[0]?.[1]).toMatchObject({ id: "swallowed-cancel" });
  const steps = dumps[0]?.[0].filter(({ cat }) => cat === "step") ?? [];
  expect(steps.length).toBeGreaterThan(0);
  expect(recording.isRecording).toBe(true);
  recording.stop();
  expect(traceEvents(recording).length).toBeGreaterThan(0);
});

test("a dump that throws is reported, and the recorder stays active", () => {
  const error = new Error("the disk is full");
  warnings(loop);
  const recording = startTrace({
    loop,
    dump() {
      throw error;
    },
  });
  loop.runUntilCompleteSync(troubled);

  expect(reports).toEqual([{ message: "The `dump` of a flight recorder threw", exception: error }]);
  expect(recording.isRecording).toBe(true);
});

test("a dump that rejects is reported too, and the process continues", async () => {
  const error = new Error("the disk is full");
  warnings(loop);
  const recording = startTrace({
    loop,
    async dump() {
      throw error;
    },
  });
  await loop.runUntilComplete(troubled);

  expect(reports).toEqual([{ message: "The `dump` of a flight recorder threw", exception: error }]);
  expect(recording.isRecording).toBe(true);
});

test("a stopped flight recorder does not call `dump`", () => {
  let dumps = 0;
  warnings(loop);
  startTrace({ loop, dump: () => dumps++ }).stop();
  loop.runUntilCompleteSync(troubled);

  expect(dumps).toBe(0);
});

test("the flight recorder checks its options", () => {
  expect(() => startTrace({ loop, dump: 1 as never })).toThrow("Expected `dump` to be a function");
  expect(() => startTrace({ loop, signal: "SIGUSR2" })).toThrow("needs `dump`");
});
