import { isMainThread } from "node:worker_threads";
import { RuntimeError } from "../../lang/errors.ts";
import type { Callback } from "../../loop/handle.ts";
import { checkCatchable } from "../../loop/hosts/interrupt.ts";
import { bindCurrentContext } from "../../loop/runnableContext.ts";
import { WatchedSources } from "../sources.ts";

/** The sources and signals that a loop watches in Node. */
export class NodeSources extends WatchedSources {
  readonly #listeners = new Map<string, () => void>();

  addSignal(signal: string, callback: Callback<never>, args: readonly unknown[]): void {
    checkCatchable(signal);
    // In Bun and Deno, `checkCatchable` can't recognize a worker.
    if (!isMainThread) throw new RuntimeError(`${signal} cannot be caught in a worker`);
    const loop = this._loop;
    const run = bindCurrentContext(loop, callback as Callback<unknown[]>);
    const listener = () => {
      loop._callSoon(run as Callback<never>, args);
    };
    // Adds the new listener first, because a signal without a listener ends the process.
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
