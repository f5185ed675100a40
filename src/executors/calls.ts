// The calls of an executor: which run in a thread, which wait for one, and how they are cancelled.
// This is one file because these steps form one state machine.
//
//   submit ──> waiting ──────────> running ──────────> done
//                 │ cancel            │ cancel            ^
//                 v                   v                   │ the thread ends it, or is terminated
//               done               stopping ─── grace ────┘
//
// Invariants:
//   X1  a call waits only while every thread has a call
//   X2  a thread has at most one call, and keeps it until the thread has replied or ended
//   X3  each call is settled exactly once

import { checkCount, checkOptions, checkTime, wrongType } from "../lang/arguments.ts";
import { asyncDispose } from "../lang/dispose.ts";
import { CancelledError, RuntimeError } from "../lang/errors.ts";
import { isCancellation } from "../lang/thrown.ts";
import { clearTimeout, setTimeout } from "../loop/hosts/timers.ts";
import type { ExceptionContext, Scheduler } from "../loop/scheduler.ts";
import type {
  Executor,
  SubmitOptions,
  TaskArguments,
  TaskResult,
  ThreadTask,
} from "../program/executorPort.ts";
import { cancelledThere } from "../remote/remoteError.ts";
import { promiseOfCall } from "./promiseOfCall.ts";
import { locationOf } from "./task.ts";
import { type CallListener, ThreadCall, type ThreadPool } from "./threadCall.ts";

export interface ThreadExecutorOptions {
  /** The maximum number of threads, by default as many as the machine runs in parallel. */
  readonly maxThreads?: number | undefined;
  /** How many calls may wait for a thread before `drain()` waits. By default unlimited. */
  readonly maxQueue?: number | undefined;
  /**
   * How long to wait for a cancelled call to end before its thread is terminated, in
   * milliseconds. By default 1,000.
   */
  readonly grace?: number | undefined;
}

const DEFAULT_GRACE = 1_000;
/** More threads than any machine can run. */
const MAX_THREADS = 4_096;

export abstract class CallExecutor implements Executor {
  readonly #maxThreads: number;
  readonly #maxQueue: number;
  readonly #grace: number;
  readonly #waiting = new Set<ThreadCall>();
  /** The calls that have a thread. */
  readonly #running = new Set<ThreadCall>();
  /** The resolvers of pending `drain()` promises. */
  readonly #drainers: (() => void)[] = [];
  /** Called during a shutdown, when no calls are left. */
  #onEmpty: (() => void) | undefined;
  #shutDown: Promise<void> | undefined;

  constructor(options: ThreadExecutorOptions, defaultThreads: number) {
    checkOptions(options);
    const { maxThreads = defaultThreads, maxQueue = Infinity, grace = DEFAULT_GRACE } = options;
    checkCount("maxThreads", maxThreads, 1);
    checkCount("maxQueue", maxQueue);
    checkTime("grace", grace);
    this.#maxThreads = Math.min(maxThreads, MAX_THREADS);
    this.#maxQueue = maxQueue;
    this.#grace = grace;
  }

  /** The threads. None is started yet when the executor is created. */
  protected abstract readonly threads: ThreadPool;

  /** The maximum number of threads. */
  get maxThreads(): number {
    return this.#maxThreads;
  }

  /** The number of calls that have a thread. */
  get running(): number {
    return this.#running.size;
  }

  /** The number of calls that wait for a thread. */
  get waiting(): number {
    return this.#waiting.size;
  }

  /**
   * Calls `task` with `args` in a thread. Returns a promise of the result. Calls begin in the order
   * in which they were submitted. Arguments are cloned when the call is submitted, results when it
   * ends; `transfer` moves memory instead. Errors keep their name, message, stack, cause and own
   * enumerable fields, such as `code`.
   *
   * If every thread is busy, the call waits in a queue without a limit. For backpressure, set
   * `maxQueue` and await `drain()` before each call.
   *
   * Aborting `signal` removes a waiting call from the queue. A call that has begun can observe the
   * abort through `threadSignal()`, and the promise waits for the call to end. If it hasn't ended
   * after the grace period, its thread is terminated, and another thread takes its place.
   *
   * Rejects with a TypeError if `task` is not a task; with a DataCloneError if an argument or the
   * result cannot be cloned; with a LookupError if the module does not export the function; after
   * an abort, with a CancelledError whose `cause` is the signal's reason; with a RemoteLostError if
   * the thread ends too early or can't start, or if the function itself throws a CancelledError;
   * after `shutdown()`, with a RuntimeError.
   */
  submit<F extends ThreadTask>(
    task: F,
    args: TaskArguments<F>,
    options: SubmitOptions = {},
  ): Promise<TaskResult<F>> {
    return promiseOfCall(
      options,
      (listener) => this._start(task, args, listener),
      (call, error) => this._cancel(call, error),
    );
  }

  /**
   * Waits until a thread is free or fewer than `maxQueue` calls wait for one, so that calls don't
   * pile up. Resolves immediately if that is already true.
   *
   * @example
   * for (const file of files) {
   *   await executor.drain();
   *   results.push(executor.submit(hash, [file]));
   * }
   */
  async drain(): Promise<void> {
    while (!this.#hasRoom()) await new Promise<void>((resolve) => this.#drainers.push(resolve));
  }

  /**
   * Stops accepting calls, waits for all submitted calls, then ends the threads. With `cancel`,
   * cancels the calls first. Calling it again waits for the same shutdown, and may still cancel.
   */
  shutdown(options: { readonly cancel?: boolean | undefined } = {}): Promise<void> {
    try {
      checkOptions(options);
    } catch (error) {
      return Promise.reject(error);
    }
    this.#shutDown ??= this.#endAll();
    if (options.cancel === true) {
      const error = new CancelledError("The executor was shut down");
      for (const call of [...this.#waiting, ...this.#running]) this._cancel(call, error);
    }
    return this.#shutDown;
  }

  /** Calls `shutdown()` at the end of an `await using` block. */
  async [asyncDispose](): Promise<void> {
    await this.shutdown();
  }

  /** Like `submit`, but reports to a listener instead of a promise. */
  _start(task: ThreadTask, args: readonly unknown[], listener: CallListener): ThreadCall {
    const location = locationOf(task);
    if (!Array.isArray(args)) throw wrongType("args", "an array of arguments", args);
    if (this.#shutDown !== undefined) throw new RuntimeError("The executor was shut down");
    const call = new ThreadCall(location, args, listener);
    if (this.#running.size < this.#maxThreads) {
      this.#begin(call);
    } else {
      // Clone now, because the caller may change the arguments while the call waits.
      call.copy();
      this.#waiting.add(call);
    }
    return call;
  }

  /** The loops that may receive errors outside any call. The first open one receives them. */
  readonly _loops = new Set<Scheduler>();

  /** Called when a thread has failed outside any call. */
  protected onStray(exception: unknown): void {
    const message = "An exception in a thread of an executor, outside any call";
    if (this.#reportToLoop({ message, exception })) return;
    // Let the platform report it as an uncaught error.
    setTimeout(() => {
      throw exception;
    });
  }

  /**
   * Called when an idle thread has ended without being asked to. Returns whether a loop received
   * the report.
   */
  protected onThreadLost(exception: Error): boolean {
    return this.#reportToLoop({
      message: "An idle thread of an executor ended",
      exception,
    });
  }

  #reportToLoop(context: ExceptionContext): boolean {
    const loop = [...this._loops].find((one) => !one.isClosed());
    loop?.callExceptionHandler(context);
    return loop !== undefined;
  }

  /**
   * Cancels a call. A waiting call ends immediately. A running one is asked to end. If it still
   * runs after the grace period, its thread is terminated.
   */
  _cancel(call: ThreadCall, error: CancelledError, ownGrace = this.#grace): void {
    if (call.isSettled || call.cancelled !== undefined) return;
    call.cancelled = error;
    if (this.#waiting.delete(call)) {
      this.#settle(call, "onError", error);
      this.#wake();
      return;
    }
    let grace = ownGrace;
    try {
      this.threads.cancel(call);
    } catch {
      // The thread may not have received the cancellation, so wait no longer than the default grace
      // period.
      grace = Math.min(grace, DEFAULT_GRACE);
    }
    if (grace <= 0) this.#giveUp(call);
    else if (grace < Infinity) {
      call.timer = setTimeout(() => this.#giveUp(call), grace);
    }
  }

  /** Describes a call by its function and, if known, its thread, or says that it waits for one. */
  _describe(call: ThreadCall): string {
    const where = this.#waiting.has(call) ? "waiting for a thread" : this.threads.whereIs?.(call);
    return `ThreadCall ${call.location.name}${where === undefined ? "" : ` (${where})`}`;
  }

  /** Returns the key under which the thread serves a call; undefined if the call has none. */
  _keyOf(call: ThreadCall): string | undefined {
    return this.threads.keyOf?.(call);
  }

  /** Called when the thread of a call has replied, or has ended. */
  protected onEnd(call: ThreadCall, isError: boolean, outcome: unknown): void {
    const isCancelled = isError && isCancellation(outcome);
    const reported = isCancelled ? (call.cancelled ?? cancelledThere(outcome)) : outcome;
    this.#settle(call, isError ? "onError" : "onResult", reported);
    this.onFree(call);
  }

  /**
   * Begins as many calls as there are free threads. Called when the thread of `call` is free again,
   * or has ended.
   */
  protected onFree(call: ThreadCall): void {
    this.#running.delete(call);
    for (const next of this.#waiting) {
      if (this.#running.size >= this.#maxThreads) break;
      this.#waiting.delete(next);
      try {
        this.#begin(next);
      } catch (error) {
        this.#settle(next, "onError", error);
      }
    }
    this.#wake();
  }

  #begin(call: ThreadCall): void {
    this.#running.add(call);
    try {
      this.threads.begin(call);
    } catch (error) {
      this.#running.delete(call);
      throw error;
    }
  }

  #giveUp(call: ThreadCall): void {
    this.#settle(call, "onError", call.cancelled);
    this.threads.terminate(call);
  }

  #settle(call: ThreadCall, how: "onResult" | "onError", outcome: unknown): void {
    if (call.isSettled) return;
    call.isSettled = true;
    call.args = [];
    clearTimeout(call.timer);
    call.listener[how](outcome);
  }

  #hasRoom(): boolean {
    return this.#running.size < this.#maxThreads || this.#waiting.size < this.#maxQueue;
  }

  #wake(): void {
    if (this.#drainers.length > 0 && this.#hasRoom()) {
      for (const wake of this.#drainers.splice(0)) wake();
    }
    if (this.#running.size === 0 && this.#waiting.size === 0) this.#onEmpty?.();
  }

  async #endAll(): Promise<void> {
    if (this.#running.size > 0 || this.#waiting.size > 0) {
      await new Promise<void>((resolve) => {
        this.#onEmpty = resolve;
      });
    }
    await this.threads.end();
  }
}
