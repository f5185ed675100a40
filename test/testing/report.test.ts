// The picture of a failing schedule.

import { describe, expect, test } from "vitest";
import { type Coroutine, createTask, gather, Lock, sleep } from "../../src/index.ts";
import {
  type ExploreOptions,
  explore,
  io,
  type ScheduleError,
  type ScheduleReport,
} from "../../src/testing.ts";

const HOSTILE = '</div><script>alert(1)</script> & "quoted"; end #35; \u0000\ud800 ```';

/** Two tasks, of which one must not come first. */
function* race(): Coroutine<void> {
  const lock = new Lock();
  const trace: string[] = [];
  const worker = (name: string) =>
    createTask(
      function* () {
        yield* lock.with(() => sleep(1));
        trace.push(name);
      },
      { name },
    );
  yield* gather([worker("first"), worker(HOSTILE)]);
  expect(trace[0]).toBe("first");
}

async function reportOf(
  main: Parameters<typeof explore>[0],
  options: ExploreOptions = {},
): Promise<ScheduleReport & { readonly message: string }> {
  const reports: ScheduleReport[] = [];
  const report = (made: ScheduleReport) => void reports.push(made);
  const error = await explore(main, { report, ...options }).then(
    () => undefined,
    (reason: ScheduleError) => reason,
  );
  expect(reports).toHaveLength(1);
  return { ...(reports[0] as ScheduleReport), message: error?.message as string };
}

/** The lines of the diagram. */
function diagramOf({ mermaid }: ScheduleReport): string[] {
  const [, diagram = ""] = /^```mermaid\n(.*?)^```$/ms.exec(mermaid) ?? [];
  return diagram.trim().split("\n    ");
}

describe("the report of a failing schedule", () => {
  test("has a column for each task, with its steps and waits, and arrows from waker to woken", async () => {
    const report = await reportOf(race);

    const lines = diagramOf(report);
    expect(lines.slice(0, 2)).toEqual(["sequenceDiagram", "participant L0 as main"]);
    expect(lines).toEqual(
      expect.arrayContaining(["Note over L0,L3: 0 ms", "Note over L0: 1. starts"]),
    );
    // The task that releases the lock wakes the other one.
    expect(lines.some((line) => /^L1->>L2: \d+\. resumes in/.test(line))).toBe(true);
    expect(lines.at(-1)).toContain("failed: AssertionError");
    expect(report.html).toContain("waits for Lock 1</title>");
    expect(report.html.match(/class="arrow"/g)?.length).toBeGreaterThan(4);
    expect(report.html).toContain('class="odd"');
    expect(report.html).toContain('class="bad"');
    expect(report.html).not.toContain('class="stuck"');
  });

  test("is a page that runs nothing and requests nothing, and shows names as text", async () => {
    const { html, mermaid } = await reportOf(race);

    expect(html).not.toMatch(
      /<script|<img|<link|<iframe|\ssrc=|\shref=|\son\w+=|@import|url\((?!#)/i,
    );
    expect(html).toContain("default-src 'none'; style-src 'unsafe-inline'");
    expect(html).toContain("&lt;script&gt;alert(1)&lt;/script&gt; &amp; \\&quot;quoted");
    expect(html).not.toMatch(/\p{Surrogate}|\0/u);
    const lines = diagramOf({ html, mermaid });
    for (const line of lines) {
      const text = line.replace(/^L\d+->>L\d+/, "").replace(/#\d+;/g, "");
      expect(text).not.toMatch(/[<>;#&\\]/);
    }
    expect(lines.filter((line) => /[:,]\s*end\b/.test(line))).toEqual([]);
    expect(mermaid.split("```mermaid")).toHaveLength(2);
  });

  test("marks each task that never ends", async () => {
    const report = await reportOf(function* () {
      const [a, b] = [new Lock(), new Lock()];
      const both = function* (first: Lock, second: Lock): Coroutine<void> {
        yield* first.with(function* () {
          yield;
          yield* second.with(() => sleep(0));
        });
      };
      yield* gather([both(a, b), both(b, a)]);
    });
    expect(report.html.match(/class="stuck"/g)).toHaveLength(3);
    expect(report.html).not.toContain('class="bad"');
    expect(report.message).toContain("Deadlock");
  });

  test("has a column for each async function that waits for an external call", async () => {
    const report = await reportOf(async function transfer() {
      let balance = 0;
      async function add() {
        const old = balance;
        await io(1);
        balance = old + 1;
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
      await Promise.all([add(), add()]);
      expect(balance).toBe(2);
    });
    const lanes = diagramOf(report).filter((line) => line.startsWith("participant"));
    expect(lanes.map((line) => line.replace(/.* as /, ""))).toEqual(["main", "add", "timers"]);
    expect(diagramOf(report).at(-2)).toMatch(/^Note over L0: \d+\. ends$/);
  });

  test("shows only the last steps of a long run", async () => {
    const report = await reportOf(function* () {
      for (let i = 0; i < 2_000; i++) yield;
      throw new Error("at last");
    });
    expect(report.html).toContain("The last 1000 of 2001 steps.");
    expect(report.html.match(/<tr><td>/g)).toHaveLength(1_000);
    expect(diagramOf(report).length).toBeLessThan(70);
  });

  test("is not made for a program that passes", async () => {
    const report = () => expect.unreachable();
    await explore(() => sleep(1), { report, runs: 3 });
  });

  test("leaves the failure unchanged, even if the report fails", async () => {
    const report = () => Promise.reject(new Error("disk full"));
    const error: ScheduleError = await explore(race, { report }).then(
      () => expect.unreachable(),
      (e) => e,
    );
    expect(error.message).toContain("The report failed: disk full");
    expect(error.message).toContain("`main` failed: AssertionError");
    const without: ScheduleError = await explore(race).then(
      () => expect.unreachable(),
      (e) => e,
    );
    expect(without.schedule).toBe(error.schedule);
    expect(error.message).toContain(without.message.split("\n").slice(0, 8).join("\n"));
  });

  test("goes only to a folder or a function", () => {
    for (const report of [1, "", {}] as never[]) {
      expect(() => explore(race, { report })).toThrow("Expected `report` to be a folder or a func");
    }
    if (typeof process === "undefined") {
      expect(() => explore(race, { report: "reports" })).toThrow("this platform has no files");
    }
  });
});
