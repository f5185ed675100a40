// How a loop passes calls to executors. The entry points `mysyncio/node` and `mysyncio/browser`
// install the implementation, so that programs that import only `mysyncio` don't ship it.

import { notIncluded, platform } from "../loop/platform.ts";
import type { Resource, Scheduler } from "../loop/scheduler.ts";
import type { Coroutine } from "../tasks/kernel/coroutine.ts";
import type { Future } from "../tasks/kernel/future.ts";

declare const defined: unique symbol;

/**
 * A function that another thread can import, returned by `defineTask`. It can also be called
 * directly.
 */
export type DefinedTask = ((...args: never[]) => unknown) & { readonly [defined]: true };

/** Marks functions returned by `defineTask`. Exists only in types. */
export interface TaskMark {
  readonly [defined]: true;
}

/**
 * A function that another thread can import, named by its module and export. By default, the export
 * is `default`.
 */
export interface TaskReference {
  readonly url: string | URL;
  readonly name?: string | undefined;
}

/** A function that a thread can call. */
export type ThreadTask = DefinedTask | TaskReference;

/** The arguments of a task. */
export type TaskArguments<F extends ThreadTask> = F extends (...args: infer Args) => unknown
  ? Args
  : unknown[];

/** The final result of a task, which may be an ordinary, async or coroutine function. */
export type TaskResult<F extends ThreadTask> = F extends (...args: never[]) => infer R
  ? R extends Generator<unknown, infer T, unknown>
    ? T
    : Awaited<R>
  : unknown;

export interface SubmitOptions {
  /**
   * Cancels the call when it aborts. The promise then rejects with a CancelledError whose `cause`
   * is the signal's reason.
   */
  readonly signal?: AbortSignal | undefined;
}

/** Runs functions elsewhere. `ThreadExecutor` implements it. */
export interface Executor {
  /** Calls `task` with `args`. The promise settles with the outcome of the call. */
  submit<F extends ThreadTask>(
    task: F,
    args: TaskArguments<F>,
    options?: SubmitOptions,
  ): Promise<TaskResult<F>>;
  /**
   * Stops accepting calls. The promise resolves once all calls have ended. With `cancel`, the calls
   * are cancelled.
   */
  shutdown(options?: { readonly cancel?: boolean | undefined }): Promise<void>;
}

/** Gives a loop access to executors. */
export interface ExecutorPort extends Resource {
  run(
    executor: Executor | null | undefined,
    task: ThreadTask,
    args: readonly unknown[],
  ): Future<unknown>;
  setDefault(executor: Executor): void;
  shutdown(): Coroutine<void>;
}

/** Returns `loop`'s access to executors. @throws RuntimeError if none is installed */
export function executorPortOf(loop: Scheduler): ExecutorPort {
  const { executorPort } = platform;
  // Only `loopExecutorOf` is ever installed.
  if (executorPort !== undefined) return executorPort(loop) as ExecutorPort;
  throw notIncluded("Running functions in other threads");
}
