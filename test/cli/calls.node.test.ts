// Calls in threads and on a fleet, as the commands show them.

import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { listeningPorts } from "../../src/inspector/node/processFacts.ts";
import type { TraceEvent } from "../../src/inspector.ts";
import { checkTrace } from "../support/checkTrace.ts";
import { command, MAIN, PATIENCE, Programs } from "../support/commands.ts";

const programs = new Programs();

const NODE = MAIN.replace("index.js", "node.js");
const FLEET = MAIN.replace("index.js", "fleet.js");
const REGISTER = new URL("../../dist/registerHelper.js", import.meta.url).href;
/** A package that computes, in the folder of the programs. */
const SLOW = join(programs.folder, "node_modules", "slow", "slow.mjs");
mkdirSync(dirname(SLOW), { recursive: true });
writeFileSync(
  SLOW,
  `export function slow(duration) {
  const end = performance.now() + duration;
  while (performance.now() < end);
}
`,
);
const DEFINITIONS = `import * as m from ${MAIN};
import { defineTask, ThreadExecutor, toThread } from ${NODE};
import { FleetExecutor, memoryEngine } from ${FLEET};
import { slow } from "./node_modules/slow/slow.mjs";
import { isMainThread } from "node:worker_threads";
const begun = new BroadcastChannel("begun");
if (!isMainThread) begun.unref();
export const rest = defineTask(import.meta.url, "rest", function* rest(duration) {
  begun.postMessage("rest");
  yield* m.sleep(duration);
});
export const compute = defineTask(import.meta.url, "compute", (duration) => {
  begun.postMessage("compute");
  slow(duration);
});
/** Prints "ready" once that many calls have begun. */
const untilBegun = ({ rest, compute }) => m.fromPromise(new Promise((resolve) => {
  const channel = new BroadcastChannel("begun");
  channel.onmessage = ({ data }) => {
    if (data === "rest") rest--;
    else compute--;
    if (rest > 0 || compute > 0) return;
    channel.close();
    resolve(console.log("ready"));
  };
}));
`;

test.each([
  ["an unprepared process", false],
  ["a prepared process", true],
])(
  "pstree shows what runs a call of %s, below the task that awaits the call",
  {
    timeout: PATIENCE,
  },
  async (_, isPrepared) => {
    const program = `${DEFINITIONS}
if (isMainThread) await m.run(function* main() {
  m.getRunningLoop().setDefaultExecutor(new ThreadExecutor({ maxThreads: 2 }));
  const fleet = new FleetExecutor({ engine: memoryEngine(), queue: "images" });
  m.createTask(function* caller() { yield* toThread(rest, 1e8); });
  m.createTask(function* caller() { yield* toThread(compute, 1e8); });
  m.createTask(function* caller() { yield* toThread(rest, 1e8); });
  m.createTask(function* caller() { yield* fleet.call(rest, 1e8); });
  yield* untilBegun({ rest: 2, compute: 1 });
  yield* m.sleep(1e8);
});
`;
    const options = isPrepared ? ["--import", REGISTER] : [];
    const pid = await programs.start("calling.mjs", program, ...options);
    const tree = await command("pstree", pid);
    const [, worker = ""] = /ThreadCall rest \(in worker (\d+)\)/.exec(tree.stdout) ?? [];
    const [inside, list] = [await command("ps", `${pid}/${worker}`), await command("ps", pid)];

    expect([tree.stderr, inside.stderr]).toEqual(["", ""]);
    expect(tree.stdout).toContain("waits for ThreadCall rest (waiting for a thread)\n");
    expect(tree.stdout).toMatch(
      /└── ThreadCall rest \(in worker \d+\)\n +Task-\d+ +rest .*calling\.mjs:10 +waits for Sleep/,
    );
    expect(tree.stdout).toMatch(
      /└── ThreadCall compute \(in worker \d+\): computing at .*calling\.mjs:14, for \d/,
    );
    expect(tree.stdout).toMatch(
      /└── FleetCall calling#rest \(running on memory\), queue images\n +└── calling#rest +rest .*calling\.mjs:10 +waits for Sleep/,
    );
    expect(list.stdout).toMatch(/^ {2}ThreadCall rest: 1 in worker \d+, 1 waiting for a thread$/m);
    expect(list.stdout).toContain("  FleetCall calling#rest, queue images: 1 running on memory\n");
    expect(inside.stdout).toMatch(new RegExp(`of worker ${worker} of process ${pid}`));
    if (isPrepared) expect(listeningPorts(Number(pid))).toEqual([]);
    expect(inside.stdout).toMatch(/1 × rest .*calling\.mjs:10 .*waits for Sleep/);
  },
);

test("trace draws an arrow from the calling task to the thread, and back", {
  timeout: PATIENCE,
}, async () => {
  const program = `${DEFINITIONS}
if (isMainThread) await m.run(function* main() {
  for (const fn of [rest, compute]) {
    m.createTask(function* caller() {
      for (;;) yield* toThread(fn, 5);
    }, { name: "the caller" });
  }
  yield* untilBegun({ rest: 2, compute: 2 });
  yield* m.sleep(1e8);
});
`;
  const pid = await programs.start("arrows.mjs", program);
  const file = join(programs.folder, "arrows.json");
  const trace = await command("trace", pid, "--seconds", "0.5", "-o", file);
  const { traceEvents: events } = JSON.parse(readFileSync(file, "utf8")) as {
    traceEvents: TraceEvent[];
  };

  expect(trace).toMatchObject({ stderr: "" });
  checkTrace(events);
  const threadOf = ({ pid: process, tid }: TraceEvent): unknown =>
    events.find((one) => one.ph === "M" && one.pid === process && one.tid === tid)?.args?.["name"];
  const ends = events.filter(({ cat, ph }) => cat === "call" && ph !== "X");
  const arrows = new Map(ends.map(({ id }) => [id, ends.filter((end) => end.id === id)]));
  /** The step or the call at an end of an arrow. */
  const sliceAt = ({ pid: process, tid, ts: at }: TraceEvent): unknown =>
    events.find(
      ({ ph, ts, dur = 0, ...own }) =>
        ph === "X" && own.pid === process && own.tid === tid && ts <= at && at <= ts + dur,
    )?.name;
  const ways = [...arrows.values()].map((own) =>
    own.map((end) => `${threadOf(end)} ${sliceAt(end)}`).join(" -> "),
  );
  expect(ways).toContainEqual(
    expect.stringMatching(/^steps the caller -> worker \d+: calls compute$/),
  );
  expect(ways).toContainEqual(
    expect.stringMatching(/^worker \d+: calls rest -> steps the caller$/),
  );
  const slices = events.filter(({ cat, ph }) => cat === "call" && ph === "X");
  expect(new Set(slices.map(({ name }) => name))).toEqual(new Set(["rest", "compute"]));
  expect(new Set(events.map((event) => event.pid))).toEqual(new Set([Number(pid)]));
  // The loop that ran a call in a thread was recorded too.
  expect(events.map(threadOf)).toContainEqual(expect.stringMatching(/^worker \d+: steps$/));
});
