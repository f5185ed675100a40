// Node, Bun, Deno and workerd: what follows an asynchronous call through `AsyncLocalStorage`.
//
// A loop runs its turns in the host's context of the call that started it, see `Pump`. A call of `toAsync` has a context
// of its own, its flow: its task is stepped in there, and so is whatever that makes, tasks and callbacks alike. Most
// programs have no flow, and pay a look at a variable for each task.

import { RuntimeError } from "../errors.ts";
import type { Snapshot } from "../scheduler.ts";

/** The part of an `AsyncLocalStorage` that is used here. */
export interface FlowStorage<T> {
  getStore(): T | undefined;
  enterWith(store: T): void;
}

interface Hooks {
  readonly AsyncLocalStorage: new <T>() => FlowStorage<T>;
  readonly AsyncResource: new (type: string) => { runInAsyncScope: Snapshot };
}

interface Platform {
  readonly process?: { getBuiltinModule?(name: "node:async_hooks"): Hooks };
}

let hooks: Hooks | undefined;

/** No import: the package runs elsewhere too. */
function hooksHere(): Hooks | undefined {
  if (hooks !== undefined) return hooks;
  try {
    hooks = (globalThis as Platform).process?.getBuiltinModule?.("node:async_hooks");
  } catch {
    // Edge runtimes have a `process` whose functions throw.
  }
  return hooks;
}

/** Keeps the host's context of now, to run something in it later; undefined where there is no such thing. */
export function keepAsyncContext(): Snapshot | undefined {
  const made = hooksHere();
  if (made === undefined) return undefined;
  // Not `AsyncLocalStorage.snapshot()`, which is many times as expensive to make and to call.
  const resource = new made.AsyncResource("mysyncio");
  return (callback) => resource.runInAsyncScope(callback);
}

/** What keeps the context of now. @throws RuntimeError where there is no such thing */
export function asyncContextKeeper(): () => Snapshot {
  if (hooksHere() !== undefined) return keepAsyncContext as () => Snapshot;
  throw new RuntimeError("`asyncContext` needs Node's AsyncLocalStorage, which is not there");
}

/** A store for each asynchronous flow of the host; undefined where there is no such thing. */
export function newFlowStorage<T>(): FlowStorage<T> | undefined {
  const made = hooksHere();
  return made && new made.AsyncLocalStorage<T>();
}

/** The flow that what is made now belongs to; undefined for that of the loop. */
export const flow = { within: undefined as Snapshot | undefined };

/** Calls `callback` in a flow. */
export function enterFlow<R>(within: Snapshot, callback: () => R): R {
  return inFlow(within, () => within(callback));
}

/** Calls `callback`, and what that makes belongs to a flow, in whose context it is already. */
export function inFlow<R>(within: Snapshot | undefined, callback: () => R): R {
  const outer = flow.within;
  flow.within = within;
  try {
    return callback();
  } finally {
    flow.within = outer;
  }
}
