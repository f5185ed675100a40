// Work for other threads, as a loop hands it out. The entries of the platforms bring the code along, so that who has one
// thread does not ship it.

import { notIncluded } from "./loop/exposing.ts";
import type { Resource, Scheduler } from "./loop/scheduler.ts";
import type { Coroutine } from "./tasks/coroutine.ts";
import type { Future } from "./tasks/future.ts";

declare const defined: unique symbol;

/** A function that another thread can import: made by `defineTask`. Here it can be called as it is. */
export type DefinedTask = ((...args: never[]) => unknown) & { readonly [defined]: true };

/** The mark that `defineTask` gives a function. It is known to the compiler only. */
export interface TaskMark {
  readonly [defined]: true;
}

/** A function that another thread can import, by where it is exported: by default as `default`. */
export interface TaskReference {
  readonly url: string | URL;
  readonly name?: string | undefined;
}

/** What a thread can be told to call. */
export type ThreadTask = DefinedTask | TaskReference;

/** The arguments of a task. */
export type TaskArguments<F extends ThreadTask> = F extends (...args: infer Args) => unknown
  ? Args
  : unknown[];

/** What a task gives in the end: a function may be a coroutine function or an async one. */
export type TaskResult<F extends ThreadTask> = F extends (...args: never[]) => infer R
  ? R extends Generator<unknown, infer T, unknown>
    ? T
    : Awaited<R>
  : unknown;

export interface SubmitOptions {
  /** Ends the call, and rejects the promise with a CancelledError whose `cause` is the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

/** Something that runs functions elsewhere. `ThreadExecutor` is one. */
export interface Executor {
  /** Has `task` called with `args`; the promise settles as the call does. */
  submit<F extends ThreadTask>(
    task: F,
    args: TaskArguments<F>,
    options?: SubmitOptions,
  ): Promise<TaskResult<F>>;
  /** Takes nothing more; the promise resolves once everything has ended. `cancel` cancels what is under way. */
  shutdown(options?: { readonly cancel?: boolean | undefined }): Promise<void>;
}

/** What a loop has to do with executors. */
export interface Executing extends Resource {
  run(
    executor: Executor | null | undefined,
    task: ThreadTask,
    args: readonly unknown[],
  ): Future<unknown>;
  setDefault(executor: Executor): void;
  shutdown(): Coroutine<void>;
}

let make: ((loop: Scheduler) => Executing) | undefined;

/** Says how loops run things elsewhere. */
export function provideExecuting(factory: (loop: Scheduler) => Executing): void {
  make = factory;
}

/** Makes what runs things elsewhere for `loop`. @throws RuntimeError if nothing can */
export function newExecuting(loop: Scheduler): Executing {
  if (make !== undefined) return make(loop);
  throw notIncluded("What runs functions in other threads");
}
