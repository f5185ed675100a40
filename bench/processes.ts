// A process for each case. What one case has taught the engine, and what it has left on the heap, changes the figures of
// the next one: a future takes a fifth longer after `spawn`, `lock` and `timeout` than alone.

import { fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import { type ChildResult, resultOf } from "./childResult.ts";
import { built } from "./places.ts";

const FLAGS = ["--expose-gc"];

export interface ChildOptions {
  readonly rounds: number;
  /** The program to run it with. */
  readonly node: string;
  /** Modules of peers, as URLs. */
  readonly peers?: readonly string[];
}

/** Runs a case in a process of its own. @throws Error if it ends without a result */
export function runInChild(
  name: string,
  { rounds, node, peers = [] }: ChildOptions,
): Promise<ChildResult> {
  const file = fileURLToPath(built("bench/child"));
  const args = [name, `${rounds}`, ...peers];
  return resultOf(fork(file, args, { execPath: node, execArgv: FLAGS }), name);
}
