// A process for each case, because the effects of one case on the engine and the heap change the
// figures of the next: a future takes longer after `spawn`, `lock` and `timeout` than alone.

import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { PeerResult } from "./besidePeers.ts";
import { type ChildResult, messageOf, resultOf } from "./childResult.ts";
import type { Figure } from "./compare.ts";
import type { Condition } from "./conditions.ts";
import type { Machine } from "./machine.ts";
import { built } from "./paths.ts";
import type { CaseResult } from "./runCase.ts";

const FLAGS = ["--expose-gc"];

export interface ChildOptions {
  readonly rounds: number;
  /** The program of the Node that runs the process. */
  readonly node: string;
  readonly condition: Condition;
}

/** Runs a case in its own process. @throws Error if it ends without a result */
export async function runInChild(name: string, options: ChildOptions): Promise<ChildResult> {
  if (options.condition === "cold") return await runColdInChildren(name, options);
  return await resultOf(child([name], options), name);
}

/** Runs cases in one process. @throws Error if it ends without results */
export async function runMixedInChild(
  names: readonly string[],
  options: ChildOptions,
): Promise<readonly ChildResult[]> {
  const what = `of ${names.length} mixed cases`;
  const message = messageOf<{ machine: Machine; results: readonly CaseResult[] }>(
    child([names.join(",")], options),
    what,
  );
  const sent = await message;
  if (sent === undefined) throw new Error(`The process ${what} ended without a result`);
  return sent.results.map((result) => ({ machine: sent.machine, result }));
}

/**
 * Runs a case beside the library whose module is `peer`, in its own process. Returns undefined if
 * the library is not installed. @throws Error if it fails
 */
export function runPeerInChild(
  name: string,
  peer: string,
  options: ChildOptions,
): Promise<PeerResult | undefined> {
  return messageOf(child([name], options, peer), `${name} beside ${peer}`);
}

/**
 * Runs a case with mysyncio and with its first rival, each in a separate process and without a
 * warm-up.
 */
async function runColdInChildren(name: string, options: ChildOptions): Promise<ChildResult> {
  interface Sent {
    readonly machine: Machine;
    readonly figures: readonly Figure[];
  }
  const figures: Figure[] = [];
  let where: Machine | undefined;
  for (const contestant of [[], ["rival"]]) {
    const sent = await messageOf<Sent>(child([name], options, ...contestant), name);
    if (sent === undefined) throw new Error(`The case ${name} ended without a result`);
    where = sent.machine;
    figures.push(...sent.figures);
  }
  const question = "What do the first milliseconds of a process cost?";
  return {
    machine: where as Machine,
    result: { name, question, outcomes: [], figures, curves: [] },
  };
}

function child(
  [names]: readonly [string],
  { node, rounds, condition }: ChildOptions,
  ...extra: readonly string[]
): ChildProcess {
  // Small runs, because the first millisecond must contain several.
  const sizes = condition === "cold" ? { MYSYNCIO_BENCH_TRIAL: "1" } : {};
  return fork(fileURLToPath(built("bench/child")), [names, `${rounds}`, condition, ...extra], {
    execPath: node,
    execArgv: FLAGS,
    env: { ...process.env, ...sizes },
  });
}
