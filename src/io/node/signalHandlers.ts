import { isMainThread } from "node:worker_threads";
import { bound, inheritedContext } from "../../loop/context.ts";
import { RuntimeError } from "../../loop/errors.ts";
import type { Callback } from "../../loop/handle.ts";
import { checkCatchable } from "../../loop/hosts/interrupt.ts";
import { WatchedSources } from "../sources.ts";

/** What a loop watches in Node: sources, and the signals of the process. */
export class NodeSources extends WatchedSources {
  readonly #listeners = new Map<string, () => void>();

  addSignal(signal: string, callback: Callback<never>, args: readonly unknown[]): void {
    checkCatchable(signal);
    // Bun and Deno have no mark by which `checkCatchable` could tell a worker.
    if (!isMainThread) throw new RuntimeError(`${signal} cannot be caught in a worker`);
    const loop = this._loop;
    const run = bound(loop, callback as Callback<unknown[]>, inheritedContext());
    const listener = () => {
      loop._callSoon(run as Callback<never>, args);
    };
    // First the new one: with none, a signal ends the process.
    process.on(signal, listener);
    this.removeSignal(signal);
    this.#listeners.set(signal, listener);
  }

  removeSignal(signal: string): boolean {
    const listener = this.#listeners.get(signal);
    if (listener !== undefined) process.off(signal, listener);
    return this.#listeners.delete(signal);
  }

  override close(): void {
    for (const signal of this.#listeners.keys()) this.removeSignal(signal);
    super.close();
  }
}
