// A browser worker that makes calls: it exposes a loop, and tells the page how to reach it.

import { newEventLoop } from "../../eventLoop.ts";
import { wrongType } from "../../loop/arguments.ts";
import { LookupError, RuntimeError } from "../../loop/errors.ts";
import { provideExposing } from "../../loop/exposing.ts";
import { exposureOf } from "../../remote/exposure.ts";
import type { Place } from "../task.ts";
import { type AnyFunction, knownFunction, loadFunction, Work } from "../work.ts";

let working: { readonly id: number; readonly work: Work } | undefined;
/** The number of the call that was cancelled last, if this worker and the page can share memory. */
let mark: Int32Array | undefined;
let isStarted = false;
/** What `serveTasks` was given, by name. Without it modules are loaded by their URLs. */
let served: Map<string, AnyFunction> | undefined;

/**
 * Has this worker call `tasks` for a `ThreadExecutor` of the page: for bundlers, which move functions out of the modules
 * that export them. A task is found by its name alone, whatever URL `defineTask` or `{ url, name }` says: the name has to be
 * a key of `tasks`. The worker then loads no modules by URL.
 *
 * The page starts the worker by the executor's option `worker`. A second call adds more tasks. What is not a function is
 * left out, so that `tasks` may be a whole module.
 *
 * @throws TypeError if `tasks` is no object, holds no function, or a name is served already by another function.
 * @throws RuntimeError outside of a worker.
 * @example
 * // worker.js
 * import { serveTasks } from "mysyncio/browser";
 * import * as tasks from "./tasks.js";
 *
 * serveTasks(tasks);
 */
export function serveTasks(tasks: Readonly<Record<string, unknown>>): void {
  if (typeof tasks !== "object" || tasks === null) {
    throw wrongType("tasks", "an object of functions", tasks);
  }
  const functions = Object.entries(tasks).filter(([, task]) => typeof task === "function");
  if (functions.length === 0)
    throw wrongType("tasks", "an object with at least one function", tasks);
  for (const [name, task] of functions) {
    if ((served?.get(name) ?? task) === task) continue;
    throw new TypeError(`Expected each name in \`tasks\` to be new, got \`${name}\` a second time`);
  }
  if (!("WorkerGlobalScope" in globalThis)) {
    throw new RuntimeError(
      "`serveTasks` is for the module of a worker. Start one by the option `worker` of `ThreadExecutor`",
    );
  }
  served ??= new Map();
  for (const [name, task] of functions) served.set(name, task as AnyFunction);
  startThread();
}

/** Runs a loop that makes the calls of the page, and says how to reach it. */
export function startThread(): void {
  if (isStarted) return;
  isStarted = true;
  provideExposing(exposureOf);
  const loop = newEventLoop();
  loop.expose({ perform, cancel });
  addEventListener("message", ({ data }) => {
    mark = data as Int32Array;
  });
  // The page hears of errors only, not of rejections.
  addEventListener("unhandledrejection", (event) => {
    event.preventDefault();
    setTimeout(() => {
      throw event.reason;
    });
  });
  void loop.runForever();
  postMessage(loop.remote());
}

function perform(id: number, url: string, name: string, args: readonly unknown[]): unknown {
  const work = new Work(() => mark !== undefined && Atomics.load(mark, 0) === id);
  working = { id, work };
  const place = { url, name };
  const fn = served === undefined ? knownFunction(place) : servedFunction(served, name);
  return fn === undefined ? load(work, place, args) : work.perform(fn, args);
}

function cancel(id: number): void {
  if (working?.id === id) working.work.cancel();
}

function servedFunction(functions: ReadonlyMap<string, AnyFunction>, name: string): AnyFunction {
  const fn = functions.get(name);
  if (fn !== undefined) return fn;
  throw new LookupError(
    `The worker serves no task by the name \`${name}\`, but ${[...functions.keys()].join(", ")}`,
  );
}

async function load(work: Work, place: Place, args: readonly unknown[]): Promise<unknown> {
  const fn = await loadFunction(place);
  // Nobody waits for it any more, and it need not begin.
  work.signal.throwIfAborted();
  return work.perform(fn, args);
}
