// A browser worker that runs calls for its page. It exposes a loop, and sends the page a ticket
// that connects to the loop.

import { wrongType } from "../../lang/arguments.ts";
import { hasTag } from "../../lang/brands.ts";
import { LookupError, RuntimeError } from "../../lang/errors.ts";
import { installPlatform } from "../../loop/platform.ts";
import { newEventLoop } from "../../program/eventLoop.ts";
import { type PackedError, packError } from "../../remote/remoteError.ts";
import { remoteServerOf } from "../../remote/remoteServer.ts";
import { isThenable } from "../../tasks/awaitable.ts";
import { fromPromise } from "../../tasks/fromPromise.ts";
import type { Coroutine } from "../../tasks/kernel/coroutine.ts";
import type { TaskLocation } from "../task.ts";
import { type AnyFunction, knownFunction, loadFunction, Work } from "../work.ts";

/** A worker's message to its page about an error outside any call. */
export interface StrayError {
  readonly _stray: PackedError;
}

let working: { readonly id: number; readonly work: Work } | undefined;
/**
 * Holds the id of the most recently cancelled call, if this worker and the page can share memory.
 */
let cancelledId: Int32Array | undefined;
let isStarted = false;
/**
 * The functions passed to `serveTasks`, by name. Undefined if modules are imported by URL instead.
 */
let served: Map<string, AnyFunction> | undefined;

/**
 * Serves `tasks` to a `ThreadExecutor` of the page. Use it with bundlers, which move functions out
 * of the modules that export them. The worker then finds a task by its name alone, which must be a
 * key of `tasks`, and ignores the URL in `defineTask` or `{ url, name }`. It imports no modules by
 * URL.
 *
 * The page starts the worker through the executor's option `worker`. A second call adds more tasks.
 * Values that are not functions are ignored, so `tasks` may be a whole module.
 *
 * @throws TypeError if `tasks` is not an object, contains no function, or uses a name for which an
 * earlier call has passed another function.
 * @throws RuntimeError outside a worker.
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
    throw new TypeError(
      `Expected each name in \`tasks\` to belong to one function, got another named \`${name}\``,
    );
  }
  if (!("WorkerGlobalScope" in globalThis)) {
    throw new RuntimeError(
      "`serveTasks` must be called in a worker. Start one through the option `worker` of `ThreadExecutor`",
    );
  }
  served ??= new Map();
  for (const [name, task] of functions) served.set(name, task as AnyFunction);
  startThread();
}

/**
 * Runs a loop that runs the page's calls, and sends the page a ticket that connects to the loop.
 */
export function startThread(): void {
  if (isStarted) return;
  isStarted = true;
  installPlatform({ remotePort: remoteServerOf });
  const loop = newEventLoop();
  loop.expose({ perform, cancel });
  addEventListener("message", ({ data }) => {
    // A program that starts its own workers may also send them other messages.
    if (hasTag(data, "Int32Array")) cancelledId ??= data as Int32Array;
  });
  addEventListener("error", (event) => {
    report(event, event.error ?? new Error(event.message));
  });
  addEventListener("unhandledrejection", (event) => report(event, event.reason));
  void loop.runForever();
  postMessage(loop.remote());
}

/**
 * Sends the page an error that occurred outside any call. Otherwise, the page would see only the
 * error's message.
 */
function report(event: Event, error: unknown): void {
  if (event.defaultPrevented) return;
  event.preventDefault();
  postMessage({ _stray: packError(error) } satisfies StrayError);
}

function* perform(
  id: number,
  url: string,
  name: string,
  args: readonly unknown[],
): Coroutine<unknown> {
  const work = new Work(() => cancelledId !== undefined && Atomics.load(cancelledId, 0) === id);
  working = { id, work };
  const location = { url, name };
  const fn = served === undefined ? knownFunction(location) : servedFunction(served, name);
  const made = fn === undefined ? load(work, location, args) : work.perform(fn, args);
  if (!isThenable(made)) return made;
  // `allSettled`, because awaiting a rejected promise would wrap a CancelledError in a
  // RuntimeError. The page needs the original error, because only the page knows whether it
  // cancelled the call.
  const [outcome] = yield* fromPromise(Promise.allSettled([made]));
  if (outcome.status === "rejected") throw outcome.reason;
  return outcome.value;
}

function cancel(id: number): void {
  if (working?.id === id) working.work.cancel();
}

function servedFunction(functions: ReadonlyMap<string, AnyFunction>, name: string): AnyFunction {
  const fn = functions.get(name);
  if (fn !== undefined) return fn;
  throw new LookupError(
    `The worker serves no task named \`${name}\`, only ${[...functions.keys()].join(", ")}`,
  );
}

async function load(
  work: Work,
  location: TaskLocation,
  args: readonly unknown[],
): Promise<unknown> {
  const fn = await loadFunction(location);
  // The call may have been cancelled while the module was loading.
  work.signal.throwIfAborted();
  return work.perform(fn, args);
}
