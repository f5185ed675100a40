// Tests recordings of several targets, some of which end while they are recorded.

import { expect, test } from "vitest";
import { recordTrace } from "../../src/cli/recordTrace.ts";
import { type Target, TargetError } from "../../src/inspector/node/target.ts";

const LIMIT = 10;
const interruption = { wait: async () => undefined, isInterrupted: false };

/** A process that has recorded one step. It ends when its method `endsAt` is called. */
function processWith(pid: number, loops: readonly number[], endsAt?: string): Target {
  let hasEnded = false;
  const results: Record<string, unknown> = {
    read: { pid, thread: null, program: "app.js", loops: [], serving: [], interrupted: [] },
    startTrace: loops,
    endTrace: [{ loop: 1, size: 2, seen: 2, names: [[1, `task of ${pid}`]], labels: [""] }],
    traceThread: { pid, thread: 0, clockOffset: 0 },
    traceColumns: { kinds: [1, 2], times: [1, 2], subjects: [1, 1], objects: [0, 0] },
  };
  return {
    client: String(pid),
    call: async (name, ..._args) => {
      hasEnded ||= name === endsAt;
      if (hasEnded) throw new TargetError("The target has ended");
      return results[name] as never;
    },
    frames: async () => [],
    close: async () => undefined,
  };
}

test.each(["read", "startTrace", "renew", "endTrace", "traceColumns"])(
  "if a process ends during %s, only its own events are lost, and it is listed as missing",
  async (endsAt) => {
    for (const targets of [
      [processWith(1, [1]), processWith(2, [1], endsAt)],
      [processWith(2, [1], endsAt), processWith(1, [1])],
    ]) {
      const { events, titles, missing } = await recordTrace(targets, 1, LIMIT, interruption);

      expect(events.map(({ name }) => name)).toContain("task of 1");
      expect(titles).toEqual(["process 1 (app.js)"]);
      expect(missing).toMatchObject([{ error: { message: "The target has ended" } }]);
      if (endsAt !== "read") expect(missing[0]?.title).toBe("process 2 (app.js)");
    }
  },
);

test("a process that has dropped its recording is listed as missing", async () => {
  const dropped = processWith(2, [1]);
  const call: Target["call"] = async (name, ...args) =>
    name === "endTrace" ? ([] as never) : dropped.call(name, ...args);
  const targets = [processWith(1, [1]), { ...dropped, call }];
  const { events, missing } = await recordTrace(targets, 1, LIMIT, interruption);

  expect(events.map(({ name }) => name)).toContain("task of 1");
  expect(missing).toMatchObject([{ title: "process 2 (app.js)" }]);
});

test("recording starts only when the process's threads have been listed", async () => {
  const order: string[] = [];
  const target = processWith(1, [1]);
  const call: Target["call"] = (name, ...args) => {
    order.push(name);
    return target.call(name, ...args);
  };
  const threads = async () => {
    order.push("threads");
    return new Map();
  };
  await recordTrace([{ ...target, call, threads }], 1, LIMIT, interruption);

  expect(order.slice(0, 3)).toEqual(["read", "threads", "startTrace"]);
});

test("a process without a loop is recorded together with others, because it may still start a loop", async () => {
  const targets = [processWith(1, [1]), processWith(2, [])];
  const { events, missing } = await recordTrace(targets, 1, LIMIT, interruption);

  expect(missing).toEqual([]);
  expect(events.map(({ name }) => name)).toContain("task of 2");
});

test("recordTrace rejects if no process has a loop, or if all processes end", async () => {
  await expect(
    recordTrace([processWith(1, []), processWith(2, [])], 1, LIMIT, interruption),
  ).rejects.toThrow("No loop is running in process 1 (app.js)");
  await expect(
    recordTrace([processWith(1, [1], "renew")], 1e9, LIMIT, interruption),
  ).rejects.toThrow("The target has ended");
});
