import type { ChildProcess } from "node:child_process";
import type { Machine } from "./machine.ts";
import type { CaseResult } from "./runCase.ts";

/** What a process that runs a case sends. */
export interface ChildResult {
  readonly machine: Machine;
  readonly result: CaseResult;
}

/** What a forked child sends before it ends. @throws Error if it ends otherwise */
export function resultOf(child: ChildProcess, name: string): Promise<ChildResult> {
  return new Promise((resolve, reject) => {
    let result: ChildResult | undefined;
    child.on("message", (message) => {
      result = message as ChildResult;
    });
    child.on("error", reject);
    child.on("exit", (code, signal) => {
      const settle = () => {
        if (result !== undefined && code === 0) resolve(result);
        else reject(new Error(`The case ${name} ended by ${signal ?? `code ${code}`}`));
      };
      // What it has sent may arrive after its end has.
      if (child.connected) child.once("disconnect", settle);
      else settle();
    });
  });
}
