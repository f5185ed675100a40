import { constants } from "node:os";
import { describe } from "../../loop/arguments.ts";
import { bound, inheritedContext } from "../../loop/context.ts";
import { RuntimeError } from "../../loop/errors.ts";
import type { Callback } from "../../loop/handle.ts";
import { WatchedSources } from "../sources.ts";

const UNCATCHABLE = ["SIGKILL", "SIGSTOP"];

/** What a loop watches in Node: sources, and the signals of the process. */
export class NodeSources extends WatchedSources {
  readonly #listeners = new Map<string, () => void>();

  addSignal(signal: string, callback: Callback<never>, args: readonly unknown[]): void {
    checkSignal(signal);
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

function checkSignal(signal: unknown): void {
  if (!Object.hasOwn(constants.signals, signal as string)) {
    throw new TypeError(
      `Expected \`signal\` to be the name of a signal, such as "SIGTERM", got ${describe(signal)}`,
    );
  }
  if (UNCATCHABLE.includes(signal as string)) {
    throw new RuntimeError(`${signal} cannot be caught`);
  }
}
