// A process for each case. What one case has taught the engine, and what it has left on the heap, changes the figures of
// the next one: a future takes a fifth longer after `spawn`, `lock` and `timeout` than alone.

import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { PeerResult } from "./besidePeers.ts";
import { type ChildResult, messageOf, resultOf } from "./childResult.ts";
import { built } from "./places.ts";

const FLAGS = ["--expose-gc"];

export interface ChildOptions {
  readonly rounds: number;
  /** The program to run it with. */
  readonly node: string;
}

/** Runs a case in a process of its own. @throws Error if it ends without a result */
export function runInChild(name: string, options: ChildOptions): Promise<ChildResult> {
  return resultOf(child([name, `${options.rounds}`], options), name);
}

/**
 * Runs a case beside the library whose module is `peer`, in a process of its own. Undefined if this machine does not
 * have that. @throws Error if it fails
 */
export function runPeerInChild(
  name: string,
  peer: string,
  options: ChildOptions,
): Promise<PeerResult | undefined> {
  return messageOf(child([name, `${options.rounds}`, peer], options), `${name} beside ${peer}`);
}

function child(args: readonly string[], { node }: ChildOptions): ChildProcess {
  return fork(fileURLToPath(built("bench/child")), args, { execPath: node, execArgv: FLAGS });
}
