// The commands `mysyncio top` and `mysyncio trace`, run against other processes.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { checkTrace } from "../support/checkTrace.ts";
import { command, PATIENCE, Programs, waitingProgram } from "../support/commands.ts";

const programs = new Programs();

const PINGING = waitingProgram(`for (;;) {
      yield* m.sleep(2);
      const gate = new m.Event();
      m.createTask(function* opener() { gate.set(); });
      yield* gate.wait();
    }`);

describe("mysyncio top and trace", () => {
  test("show what the loop of a process does", { timeout: PATIENCE }, async () => {
    const pid = await programs.start("pinging.mjs", PINGING);
    const file = join(programs.folder, "trace.json");
    const lines = await command("top", pid, "--seconds", "2", "--json");
    const text = await command("top", pid, "--seconds", "1", "--limit", "2");
    const trace = await command("trace", pid, "--seconds", "0.3", "-o", file);

    expect([lines.stderr, text.stderr, trace.stderr]).toEqual(["", "", ""]);
    const samples = lines.stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(samples).toHaveLength(2);
    const [loop] = samples[1].loops;
    expect(loop.id).toBe(1);
    // An opener may live at that moment.
    expect([22, 23]).toContain(loop.tasks);
    expect(loop.steps).toBeGreaterThan(0);
    expect(loop.started).toBeGreaterThan(0);
    const [busiest] = loop.groups;
    expect(busiest).toMatchObject({ coroutine: "main", tasks: 1 });
    expect(busiest.stack.at(-1).file).toContain("pinging.mjs");

    // The output is not a terminal, so nothing moves the cursor.
    expect(text.stdout).not.toContain("\x1b");
    expect(text.stdout).toMatch(/% busy, .* steps\/s, 2[23] tasks/);
    expect(text.stdout).toMatch(/worker +\S*pinging\.mjs:8 +an item from Queue 1/);
    expect(text.stdout).toContain("... and 1 more group\n");

    const { traceEvents } = JSON.parse(readFileSync(file, "utf8"));
    checkTrace(traceEvents);
    expect(traceEvents.filter(({ ph }: { ph: string }) => ph === "s").length).toBeGreaterThan(3);
    expect(trace.stdout).toMatch(/Wrote [\d,]+ events of process \d+ \(.*pinging\.mjs\) to /);
    expect(programs.children[0]?.exitCode).toBeNull();
  });

  test("name the line of a step that doesn't end", { timeout: PATIENCE }, async () => {
    const pid = await programs.start("stuck.mjs", waitingProgram("for (;;) ;"));
    const [text, list] = [await command("top", pid, "--seconds", "1"), await command("ps", pid)];

    expect(text.stdout).toMatch(/100% busy/);
    expect(text.stdout).toMatch(/ 1 +1 +100% .* main +\S*stuck\.mjs:19 +running/);
    expect(list.stdout).toMatch(/1 × +main .*stuck\.mjs:19 +running/);
  });

  test("reject invalid arguments, and a process without loops", { timeout: PATIENCE }, async () => {
    const pid = await programs.start(
      "none.mjs",
      `console.log("ready"); setInterval(() => {}, 1e8);`,
    );
    const [none, long, many] = await Promise.all([
      command("trace", pid, "--seconds", "1"),
      command("top", pid, "--seconds", "soon"),
      command("trace", pid, pid),
    ]);

    expect(none).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^No loop is running in process/),
    });
    expect(long.stderr).toContain('Expected --seconds to be a number of seconds > 0, got "soon"');
    expect(many.stderr).toContain("Expected one target");
    expect([long.code, many.code]).toEqual([2, 2]);
  });
});
