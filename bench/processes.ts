// A process for each case. What one case has taught the engine, and what it has left on the heap, changes the figures of
// the next one by up to a half, in either direction; alone, each case gives the same in any order.

import { fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { Machine } from "./machine.ts";
import { built } from "./places.ts";
import type { CaseResult } from "./runCase.ts";

const FLAGS = ["--expose-gc"];

export interface ChildOptions {
  readonly rounds: number;
  /** The program to run it with. */
  readonly node: string;
  /** Modules of peers, as URLs. */
  readonly peers?: readonly string[];
}

export interface ChildResult {
  readonly machine: Machine;
  readonly result: CaseResult;
}

/** Runs a case in a process of its own. @throws Error if it ends without a result */
export function runInChild(
  name: string,
  { rounds, node, peers = [] }: ChildOptions,
): Promise<ChildResult> {
  return new Promise((resolve, reject) => {
    let result: ChildResult | undefined;
    const child = fork(fileURLToPath(built("bench/child")), [name, `${rounds}`, ...peers], {
      execPath: node,
      execArgv: FLAGS,
    });
    child.on("message", (message) => {
      result = message as ChildResult;
    });
    child.on("error", reject);
    child.on("exit", (code, signal) => {
      if (result !== undefined && code === 0) resolve(result);
      else reject(new Error(`The case ${name} ended by ${signal ?? `code ${code}`}`));
    });
  });
}
