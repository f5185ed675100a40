// What all warnings have in common.

import { afterEach, beforeEach, expect, test } from "vitest";
import {
  createTask,
  type EventLoop,
  getRunningLoop,
  type LoopWarning,
  Queue,
  sleep,
} from "../../../src/index.ts";
import { ignore, snapshot, type WarningId, warnings } from "../../../src/inspector.ts";
import { explore } from "../../../src/testing.ts";
import { collectReports } from "../../support/reports.ts";
import { newVirtualLoop } from "../../support/virtualLoop.ts";

let loop: EventLoop;

beforeEach(() => {
  loop = newVirtualLoop();
});

afterEach(() => loop.close());

/** Ignores its cancellation. */
function* stubborn() {
  try {
    yield* sleep(10_000);
  } catch {}
}

function* cancelStubborn() {
  const task = createTask(stubborn, { name: "stubborn" });
  yield* sleep(1);
  task.cancel();
  yield* task;
}

test("the hook `warns` gets each warning once", () => {
  const raised: LoopWarning[] = [];
  loop.instrument({ warns: (warning) => raised.push(warning) });
  const before = warnings(loop);
  const listed = loop.runUntilCompleteSync(function* () {
    yield* cancelStubborn();
    yield* sleep(5_000);
    return warnings(loop);
  });

  expect(before).toEqual([]);
  expect(raised.map(({ id, tasks }) => [id, tasks[0]?.name])).toEqual([
    ["swallowed-cancel", "stubborn"],
  ]);
  expect(listed.map(({ id }) => id)).toEqual(["swallowed-cancel"]);
});

test("a snapshot contains the warnings, with the ids of their tasks", () => {
  warnings(loop);
  const seen = loop.runUntilCompleteSync(function* () {
    const queue = new Queue<number>();
    const task = createTask(
      function* () {
        for (;;) {
          try {
            yield* queue.get();
          } catch {}
        }
      },
      { name: "stubborn" },
    );
    yield* sleep(1);
    task.cancel();
    for (let i = 0; i < 300; i++) {
      queue.putNowait(i);
      yield* sleep(10);
    }
    return snapshot(loop);
  });

  expect(seen.warnings).toMatchObject([{ id: "swallowed-cancel", since: 1 }]);
  const [task] = seen.warnings[0]?.tasks ?? [];
  expect(seen.tasks.find(({ id }) => id === task?.id)?.name).toBe("stubborn");
});

test("repeated findings are merged into one warning with a count", () => {
  warnings(loop);
  const listed = loop.runUntilCompleteSync(function* () {
    for (let i = 0; i < 3; i++) yield* cancelStubborn();
    yield* sleep(1_000);
    for (let i = 0; i < 3; i++) yield* cancelStubborn();
    yield* sleep(1_000);
    return warnings(loop);
  });

  expect(listed.map(({ evidence }) => evidence)).toEqual([
    "it was cancelled, and ended with a result; 6 times in all",
  ]);
});

test("a kind of warning can be ignored", () => {
  warnings(loop);
  const raised: LoopWarning[] = [];
  loop.instrument({ warns: (warning) => raised.push(warning) });
  const listen = ignore("swallowed-cancel");
  const [ignored, listed] = loop.runUntilCompleteSync(function* () {
    yield* cancelStubborn();
    yield* sleep(1_000);
    const without = warnings(loop);
    listen();
    return [without, warnings(loop)] as const;
  });

  expect([ignored.length, raised.length, listed.length]).toEqual([0, 0, 1]);
  expect(() => ignore("slow" as WarningId)).toThrow("Expected `id` to be");
});

test("a healthy program has no warnings, in any order of steps", async () => {
  await explore(
    function* () {
      const running = getRunningLoop();
      const reports = collectReports(running);
      warnings(running);
      const queue = new Queue<number>(3);
      const consumers = Array.from({ length: 3 }, () =>
        createTask(function* () {
          for (;;) {
            yield* queue.get();
            yield* sleep(20);
            queue.taskDone();
          }
        }),
      );
      for (let item = 0; item < 300; item++) yield* queue.put(item);
      yield* queue.join();
      for (const consumer of consumers) consumer.cancel();
      yield* sleep(2_000);
      expect([warnings(running), reports]).toEqual([[], []]);
    },
    { runs: 20 },
  );
});

test("warnings() throws for a value that is not an event loop, and returns none for a closed loop", () => {
  expect(() => warnings({} as EventLoop)).toThrow("Expected `loop` to be an event loop");
  loop.close();
  expect(warnings(loop)).toEqual([]);
});
