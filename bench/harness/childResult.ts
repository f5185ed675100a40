import type { ChildProcess } from "node:child_process";
import type { Machine } from "./machine.ts";
import type { CaseResult } from "./runCase.ts";

/** The message of a process that runs a case. */
export interface ChildResult {
  readonly machine: Machine;
  readonly result: CaseResult;
}

/**
 * The message that a forked child sends before it ends, or undefined if it sends none. @throws
 * Error if the child fails
 */
export function messageOf<T>(child: ChildProcess, name: string): Promise<T | undefined> {
  return new Promise((resolve, reject) => {
    let sent: T | undefined;
    child.on("message", (message) => {
      sent = message as T;
    });
    child.on("error", reject);
    child.on("exit", (code, signal) => {
      const settle = () => {
        if (code === 0) resolve(sent);
        else reject(new Error(`The case ${name} ended with ${signal ?? `code ${code}`}`));
      };
      // Messages may arrive after the child has exited.
      if (child.connected) child.once("disconnect", settle);
      else settle();
    });
  });
}

/** The result that a forked child sends. @throws Error if it sends none */
export async function resultOf(child: ChildProcess, name: string): Promise<ChildResult> {
  const result = await messageOf<ChildResult>(child, name);
  if (result === undefined) throw new Error(`The case ${name} ended without a result`);
  return result;
}
