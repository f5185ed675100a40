// Node, Bun, Deno and workerd: the asynchronous context of the host, which `AsyncLocalStorage`
// reads.
//
// A loop runs its turns in the context of the call that started it, as `Pump` shows. A `toAsync`
// call, or any other call from outside a loop, has its caller's context, called its flow. Its task
// runs each step in that flow, and so do the tasks and callbacks that the task creates. A program
// that only uses `run` has no flows, and pays for one check per task.

import { RuntimeError } from "../../lang/errors.ts";
import { runningScheduler } from "../current.ts";
import { type Flow, flow } from "./flow.ts";

/** The part of `AsyncLocalStorage` that is used here. */
export interface FlowStorage<T> {
  getStore(): T | undefined;
  enterWith(store: T): void;
  run<R>(store: T, callback: () => R): R;
}

interface Hooks {
  readonly AsyncLocalStorage: new <T>() => FlowStorage<T>;
  readonly AsyncResource: new (type: string, options: object) => Flow;
}

interface Platform {
  readonly process?: { getBuiltinModule?(name: "node:async_hooks"): Hooks };
}

/** With these options, Node doesn't have to look up the current resource. */
const OPTIONS = { triggerAsyncId: 0 };

const hooks = /* @__PURE__ */ findHooks();

/** The host's context when this module is imported. It belongs to the program, not to a request. */
const outermost = /* @__PURE__ */ keepAsyncContext();

/**
 * Returns Node's `async_hooks` module, if there is one. It isn't imported, because the package runs
 * on other platforms too.
 */
function findHooks(): Hooks | undefined {
  try {
    return (globalThis as Platform).process?.getBuiltinModule?.("node:async_hooks");
  } catch {
    return undefined; // on edge runtimes, the functions of `process` throw
  }
}

/**
 * Captures the host's current context, to run something in it later. Returns undefined if the host
 * has no asynchronous contexts.
 */
export function keepAsyncContext(): Flow | undefined {
  // Not `AsyncLocalStorage.snapshot()`, which is much slower to create and to call.
  return hooks && new hooks.AsyncResource("mysyncio", OPTIONS);
}

/**
 * Returns the function that captures the current context.
 * @throws RuntimeError if the host has no asynchronous contexts.
 */
export function asyncContextKeeper(): () => Flow {
  if (hooks !== undefined) return keepAsyncContext as () => Flow;
  throw new RuntimeError("`asyncContext` needs `AsyncLocalStorage`, which this platform lacks");
}

/**
 * Creates a storage with a separate value for each flow. Returns undefined if the host has no
 * asynchronous contexts.
 */
export function newFlowStorage<T>(): FlowStorage<T> | undefined {
  const storage = hooks && new hooks.AsyncLocalStorage<T>();
  // Before Node 24, async functions that wait when the first store is entered don't have a context
  // of their own: a store that one of them enters reaches the others too. So enter a first one now.
  storage?.run({} as T, () => undefined);
  return storage;
}

/**
 * Calls `callback` in the context that the host had when this module was imported, so that whatever
 * `callback` starts doesn't keep the stores of a request alive.
 */
export function inOutermostContext<R>(callback: () => R): R {
  return outermost === undefined ? callback() : outermost.runInAsyncScope(callback);
}

let startsLoop = false;

/**
 * Calls `callback`. Tasks that it creates get no flow, because their loop, which the caller starts
 * afterwards, runs them in its own context.
 */
export function withoutFlow<R>(callback: () => R): R {
  const outer = startsLoop;
  startsLoop = true;
  try {
    return callback();
  } finally {
    startsLoop = outer;
  }
}

/**
 * Returns the flow for tasks and callbacks created now; undefined if they run in the loop's own
 * context. Outside a loop, the flow is the context of the caller.
 */
export function currentFlow(): Flow | undefined {
  return runningScheduler() === undefined ? flowOutside() : flow.current;
}

function flowOutside(): Flow | undefined {
  return flow.current !== undefined || startsLoop ? flow.current : keepAsyncContext();
}
