// Does every benchmark run? In a trial, each does so little that it takes no time; its figures mean nothing.

import { fork } from "node:child_process";
import { readdirSync } from "node:fs";
import { basename } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, inject, test } from "vitest";
import { CASES, NEUTRAL, WITH_PEERS } from "../../bench/cases.ts";
import { type ChildResult, resultOf } from "../../bench/childResult.ts";
import type { Case } from "../../bench/harness.ts";

const CHILD = fileURLToPath(new URL("../../build/bench/child.js", import.meta.url));
const FOLDER = new URL("../../bench/cases/", import.meta.url);
/** Many times what it takes. */
const PATIENCE = 240_000;

/** These compare with the compiled core, so that there has to be one. */
const COMPARE_CORES = ["cores", "coresPerCase", "timersMillion"];
const isCompiled = inject("core") === "wasm";
const RUN = isCompiled ? CASES : NEUTRAL.filter((name) => !COMPARE_CORES.includes(name));
const FLAGS = isCompiled ? ["--expose-gc"] : ["--expose-gc", "--no-expose-wasm"];

function tryOut(name: string): Promise<ChildResult> {
  const env = { ...process.env, MYSYNCIO_BENCH_TRIAL: "1" };
  // Killed before the test gives up: one that hangs must not outlive it.
  const options = { execArgv: FLAGS, env, timeout: PATIENCE - 5_000 };
  return resultOf(fork(CHILD, [name, "1"], options), name);
}

test("every file of bench/cases is a case that is run", () => {
  const files = readdirSync(FOLDER).map((file) => basename(file, ".ts"));

  expect([...CASES].sort()).toEqual(files.sort());
});

test("those in which other libraries take part are known", async () => {
  const cases = await Promise.all(
    NEUTRAL.map(async (name) => (await import(`../../bench/cases/${name}.ts`)).default as Case),
  );
  const withPeers = cases.filter(({ comparisons = [] }) => comparisons.some((row) => row.peers));

  expect(withPeers.map(({ name }) => name).sort()).toEqual([...WITH_PEERS].sort());
});

describe.concurrent("the benchmark", { timeout: PATIENCE }, () => {
  test.each(RUN)("%s gives figures", async (name) => {
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
