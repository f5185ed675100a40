// Tests that every benchmark runs. In a trial, each does so little that it takes no time, and its
// figures mean nothing.

import { fork } from "node:child_process";
import { readdirSync } from "node:fs";
import { basename } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, inject, test } from "vitest";
import { ALL_CASES, NEUTRAL, WITH_PEERS } from "../../bench/cases.ts";
import { type ChildResult, resultOf } from "../../bench/harness/childResult.ts";
import type { Case } from "../../bench/harness/compare.ts";
import { WITHOUT_WASM } from "../../bench/programs/withoutWasm.ts";
import { isExhaustive } from "../support/effort.ts";

const CHILD = fileURLToPath(new URL("../../build/bench/child.js", import.meta.url));
const FOLDER = new URL("../../bench/cases/", import.meta.url);
/** Many times longer than the trial of a benchmark takes, in milliseconds. */
const PATIENCE = 240_000;

/** The cases that compare cores, so they need a compiled one. */
const COMPARE_CORES = ["cores", "coresPerCase", "timersMillion"];
const isCompiled = inject("core") === "wasm";
const RUNNABLE = isCompiled ? ALL_CASES : NEUTRAL.filter((name) => !COMPARE_CORES.includes(name));
/** One of each kind: in the loop alone, over sockets, in threads, in processes, and of files. */
const SELECTION = ["switch", "echo", "threads", "startup", "size"];
const RUN = isExhaustive() ? RUNNABLE : SELECTION;
const FLAGS = isCompiled ? ["--expose-gc"] : ["--expose-gc", ...WITHOUT_WASM];

function tryOut(name: string): Promise<ChildResult> {
  const env = { ...process.env, MYSYNCIO_BENCH_TRIAL: "1" };
  // Kills the process before the test times out, so that a process that hangs does not outlive it.
  const options = { execArgv: FLAGS, env, timeout: PATIENCE - 5_000 };
  return resultOf(fork(CHILD, [name, "1"], options), name);
}

test("every file of bench/cases is a registered case", () => {
  const files = readdirSync(FOLDER).map((file) => basename(file, ".ts"));

  expect([...ALL_CASES].sort()).toEqual(files.sort());
});

test("WITH_PEERS names exactly the cases that compare mysyncio with other libraries", async () => {
  const cases = await Promise.all(
    NEUTRAL.map(async (name) => (await import(`../../bench/cases/${name}.ts`)).default as Case),
  );
  const withPeers = cases.filter(({ comparisons = [] }) => comparisons.some((row) => row.peers));

  expect(withPeers.map(({ name }) => name).sort()).toEqual([...WITH_PEERS].sort());
});

describe.concurrent("the benchmark", { timeout: PATIENCE }, () => {
  test.each(RUN)("%s produces figures", async (name) => {
    const { machine, result } = await tryOut(name);

    expect(machine.runtime).toContain(process.versions.node);
    expect(result.name).toBe(name);
    expect(result.outcomes.length + result.figures.length).toBeGreaterThan(0);
    for (const { ours, others } of result.outcomes) {
      expect(ours.median).toBeGreaterThan(0);
      for (const { ratio } of others) expect(ratio.median).toBeGreaterThan(0);
    }
    for (const { value, note } of result.figures) {
      if (value === undefined) expect(note).not.toBe(undefined);
      else expect(Number.isFinite(value)).toBe(true);
    }
  });
});
