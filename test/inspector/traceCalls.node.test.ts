// Arrows from tasks to the calls that they make elsewhere.

import { afterEach, beforeEach, expect, test } from "vitest";
import { callDoor } from "../../src/executors/servedCalls.ts";
import { FleetExecutor, memoryEngine } from "../../src/fleet.ts";
import {
  type EventLoop,
  FIRST_COMPLETED,
  type Future,
  gather,
  sleep,
  wait,
} from "../../src/index.ts";
import { cutCallArrows } from "../../src/inspector/traceCalls.ts";
import { CALL_ID, type TraceRing } from "../../src/inspector/traceRing.ts";
import { startTrace, type TraceEvent, traceEvents } from "../../src/inspector.ts";
import { explore } from "../../src/testing.ts";
import { sleepFor } from "../fleet/tasks.ts";
import { checkTrace } from "../support/checkTrace.ts";
import { scale } from "../support/effort.ts";
import { newVirtualLoop } from "../support/virtualLoop.ts";

let loop: EventLoop;

beforeEach(() => {
  loop = newVirtualLoop();
});

afterEach(() => loop.close());

function ofCalls(events: readonly TraceEvent[]): TraceEvent[] {
  return events.filter(({ cat }) => cat === "call");
}

test("an arrow leads from a task to the call that it waits for, and back", () => {
  const fleet = new FleetExecutor({ engine: memoryEngine() });
  const recording = startTrace({ loop });
  loop.runUntilCompleteSync(function* main() {
    yield* fleet.call(sleepFor, 10, "one");
    yield* gather([fleet.call(sleepFor, 10, "two"), fleet.call(sleepFor, 20, "three")]);
  });
  recording.stop();
  const events = traceEvents(recording);
  const calls = ofCalls(events);

  checkTrace(events);
  const ends = calls.filter(({ ph }) => ph !== "X");
  const ids = new Set(ends.map(({ id }) => id));
  const arrows = Array.from(ids, (id) => ends.filter((end) => end.id === id));
  const phases = arrows.map((arrow) => arrow.map(({ ph }) => ph).join(""));
  expect(phases).toEqual(["sttf", "sttf", "sttf"]);
  expect(calls.filter(({ ph }) => ph === "X").map(({ name }) => name)).toEqual([
    "tasks#sleepFor",
    "tasks#sleepFor",
    "tasks#sleepFor",
  ]);
  // Each end is in a slice of its own thread.
  for (const { ph, ts, pid, tid } of calls) {
    const own = events.filter(
      (slice) => slice.ph === "X" && slice.pid === pid && slice.tid === tid && slice.ts <= ts,
    );
    expect([ph, own.some(({ ts: begins, dur = 0 }) => ts <= begins + dur)]).toEqual([ph, true]);
  }
});

test("the arrow of a call that has not ended ends at the end of the trace", () => {
  const fleet = new FleetExecutor({ engine: memoryEngine() });
  const recording = startTrace({ loop });
  loop.runUntilCompleteSync(function* main() {
    loop.createTask(fleet.call(sleepFor, 1_000, "long"));
    yield* sleepFor(5, undefined);
    recording.stop();
  });
  const events = traceEvents(recording);

  checkTrace(events);
  expect(ofCalls(events).map(({ ph }) => ph)).toEqual(expect.arrayContaining(["s", "X", "f"]));
});

test("every arrow has two ends, in any order of steps, even if calls are cancelled", async () => {
  await explore(
    function* () {
      const fleet = new FleetExecutor({ engine: memoryEngine({ concurrency: 2 }) });
      const recording = startTrace();
      try {
        yield* gather([1, 2, 3, 4].map((delay) => fleet.call(sleepFor, delay, delay)));
      } finally {
        recording.stop();
        checkTrace(traceEvents(recording));
      }
    },
    { runs: scale(20, 200), cancelPoints: true, leaks: false },
  );
});

test("merged traces have no thread id in common", () => {
  const traces = Array.from({ length: 2 }, () => {
    const recording = startTrace({ loop });
    loop.runUntilCompleteSync(() => gather([sleepFor(1, "a"), sleepFor(2, "b")]));
    recording.stop();
    return traceEvents(recording);
  });

  const joined = traces.flat().sort((a, b) => a.ts - b.ts);
  checkTrace(joined);
  const [first = new Set(), second = new Set()] = traces.map(
    (events) => new Set(events.map(({ pid, tid }) => `${pid}/${tid}`)),
  );
  expect([...first].filter((thread) => second.has(thread))).toEqual([]);
});

test("a task that waits for many calls one after another has one arrow per call, to the step after that call", () => {
  const COUNT = 50;
  const fleet = new FleetExecutor({ engine: memoryEngine({ concurrency: COUNT }) });
  const recording = startTrace({ loop });
  loop.runUntilCompleteSync(function* main() {
    let pending: Iterable<Future<unknown>> = Array.from({ length: COUNT }, (_, at) =>
      loop.runInExecutor(fleet, sleepFor, 10 * (at + 1), at),
    );
    for (let left = COUNT; left > 0; ) {
      const waited = yield* wait(pending, { returnWhen: FIRST_COMPLETED });
      left = waited.pending.size;
      pending = waited.pending;
    }
  });
  recording.stop();
  const events = traceEvents(recording);
  const ends = ofCalls(events).filter(({ ph }) => ph !== "X");
  const ids = new Set(ends.map(({ id }) => id));
  const phases = Array.from(ids, (id) =>
    ends.flatMap((end) => (end.id === id ? end.ph : [])).join(""),
  );

  checkTrace(events);
  expect(phases).toEqual(Array.from({ length: COUNT }, () => "sttf"));
  // Where it runs, where a task begins to wait for it, and where the task wakes.
  const { kinds } = (recording as TraceRing).columns();
  expect(Array.from(kinds).filter((kind) => kind === CALL_ID)).toHaveLength(3 * COUNT);
});

/** An end of the arrow of call 1. */
function endOf(ph: TraceEvent["ph"], ts: number, tid: number): TraceEvent {
  return { name: "call", cat: "call", id: 1, ph, ts, pid: 1, tid };
}

test("the arrow of a call that has not returned leads to the call, but not back", () => {
  const cut = cutCallArrows([
    endOf("s", 2, 1),
    endOf("f", 2, 1),
    endOf("t", 3, 2),
    endOf("t", 9, 2),
  ]);

  expect(cut.map(({ ph, ts, tid }) => [ph, ts, tid])).toEqual([
    ["s", 2, 1],
    ["f", 3, 2],
  ]);
});

test("the arrows of a call that ran twice lead to the first run and back from the last, however the recordings are ordered", () => {
  const second = [endOf("t", 6, 3), endOf("t", 8, 3)];
  const first = [endOf("t", 3, 2), endOf("t", 5, 2)];
  const cut = cutCallArrows([...second, ...first, endOf("s", 2, 1), endOf("f", 9, 1)]);

  expect(cut.map(({ ph, ts, tid }) => [ph, ts, tid])).toEqual([
    ["s", 2, 1],
    ["f", 3, 2],
    ["s", 8, 3],
    ["f", 9, 1],
  ]);
});

test("closing a loop ends its recordings, and removes its calls and listeners", () => {
  const { calls, listeners } = callDoor();
  const before = listeners.size;
  const recordings = [1, 2].map(() => {
    const own = newVirtualLoop();
    const fleet = new FleetExecutor({ engine: memoryEngine() });
    const recording = startTrace({ loop: own, dump: () => undefined });
    own.runUntilCompleteSync(function* main() {
      own.runInExecutor(fleet, sleepFor, 1_000, 1);
      yield* sleep(1);
    });
    expect(calls.size).toBe(1);
    own.close();
    return recording;
  });
  const last = startTrace({ loop });

  expect(calls.size).toBe(0);
  expect(listeners.size).toBe(before + 1);
  expect(recordings.map(({ isRecording }) => isRecording)).toEqual([false, false]);
  last.stop();
  expect(listeners.size).toBe(before);
});
