// The calls of an executor: who has a thread, who waits for one, and how they are cancelled.
//
//   submit ──> waiting ──────────> running ──────────> done
//                 │ cancel            │ cancel            ^
//                 v                   v                   │ the thread ends it, or is terminated
//               done               stopping ─── grace ────┘
//
// Invariants:
//   X1  a call waits only while every thread has one
//   X2  a thread has one call at a time, until it has answered or is gone
//   X3  each call is settled exactly once

import type {
  Executor,
  SubmitOptions,
  TaskArguments,
  TaskResult,
  ThreadTask,
} from "../executing.ts";
import { checkCount, checkOptions, checkTime, wrongType } from "../loop/arguments.ts";
import { asyncDispose } from "../loop/dispose.ts";
import { CancelledError, RuntimeError } from "../loop/errors.ts";
import { clearTimeout, setTimeout } from "../loop/hosts/timers.ts";
import type { Scheduler } from "../loop/scheduler.ts";
import { cancelledThere } from "../remote/remoteError.ts";
import { copied } from "../remote/transfer.ts";
import { onAbort } from "../tasks/onAbort.ts";
import { abortError, checkSignal } from "../tasks/withSignal.ts";
import { type Place, placeOf } from "./task.ts";

export interface ThreadExecutorOptions {
  /** How many threads there are at most, by default as many as the machine runs at once. */
  readonly maxThreads?: number | undefined;
  /** How many calls may wait for a thread until `drain()` waits, by default any number. */
  readonly maxQueue?: number | undefined;
  /** How many milliseconds a cancelled call has to end, until its thread is terminated. By default 1,000. */
  readonly grace?: number | undefined;
}

/** Hears how a call ended. */
export interface Listener {
  onResult(value: unknown): void;
  onError(error: unknown): void;
}

/** A call, from when it is submitted. */
export class Call {
  readonly place: Place;
  args: readonly unknown[];
  /** Whether the arguments are ours already, and nobody changes them. */
  isCopied = false;
  readonly listener: Listener;
  /** Why it was cancelled, if it was. */
  cancelled: CancelledError | undefined;
  isSettled = false;
  /** When it is over with the grace. */
  timer: ReturnType<typeof setTimeout> | undefined;

  constructor(place: Place, args: readonly unknown[], listener: Listener) {
    this.place = place;
    this.args = args;
    this.listener = listener;
  }

  /** Keeps the arguments as they are now. Throws if they cannot be cloned. */
  copy(): void {
    if (!this.isCopied) this.args = copied(this.args);
    this.isCopied = true;
  }
}

const DEFAULT_GRACE = 1_000;
/** More than any machine runs. */
const MOST_THREADS = 4_096;

/** The threads themselves. */
export interface Threads {
  /** Has a free thread make the call: `onEnd` of the executor is to hear how it ended. Throws if it cannot be sent. */
  begin(call: Call): void;
  /** Tells a thread that its call is cancelled. */
  cancel(call: Call): void;
  /** Terminates the thread of a call, however it is. `onFree` of the executor is to hear when it is gone. */
  terminate(call: Call): void;
  /** Ends all threads: none has a call. */
  end(): Promise<void>;
}

export abstract class CallExecutor implements Executor {
  readonly #maxThreads: number;
  readonly #maxQueue: number;
  readonly #grace: number;
  readonly #waiting = new Set<Call>();
  /** Those who have a thread. */
  readonly #running = new Set<Call>();
  /** Those who wait until there is room, or until nothing is left. */
  readonly #drainers: (() => void)[] = [];
  #onEmpty: (() => void) | undefined;
  #shutDown: Promise<void> | undefined;

  constructor(options: ThreadExecutorOptions, most: number) {
    checkOptions(options);
    const { maxThreads = most, maxQueue = Infinity, grace = DEFAULT_GRACE } = options;
    checkCount("maxThreads", maxThreads, 1);
    checkCount("maxQueue", maxQueue);
    checkTime("grace", grace);
    this.#maxThreads = Math.min(maxThreads, MOST_THREADS);
    this.#maxQueue = maxQueue;
    this.#grace = grace;
  }

  /** The threads. There is none yet when the executor is made. */
  protected abstract readonly threads: Threads;

  /** How many threads there are at most. */
  get maxThreads(): number {
    return this.#maxThreads;
  }

  /** How many calls have a thread. */
  get running(): number {
    return this.#running.size;
  }

  /** How many calls wait for a thread. */
  get waiting(): number {
    return this.#waiting.size;
  }

  /**
   * Has a thread call `task` with `args`; the promise settles as the call does. Calls begin in the order in which they were
   * submitted. Arguments and results are structured clones, made at once; memory moves if `transfer` says so. Errors keep
   * their name, message, stack, cause and own enumerable fields, such as `code`.
   *
   * If every thread has a call, it waits for one, however many do: who submits more than he can hold waits for `drain()`.
   *
   * An abort of `signal` takes a call that waits out of the line. One that has begun hears of it by `threadSignal()`, and
   * is waited for; if it does not end within the time of grace, its thread is terminated, and another takes its place.
   *
   * Rejects with a TypeError if `task` is none; with a DataCloneError if an argument or the result cannot be cloned; with a
   * LookupError if the module exports no such function; with a CancelledError, whose `cause` is the signal's reason, after
   * an abort; with a RemoteLostError if the thread dies, or if the function throws a CancelledError of its own; with a RuntimeError after `shutdown()`.
   */
  submit<F extends ThreadTask>(
    task: F,
    args: TaskArguments<F>,
    options: SubmitOptions = {},
  ): Promise<TaskResult<F>> {
    return new Promise((resolve, reject) => {
      checkOptions(options);
      const { signal } = options;
      if (signal === undefined) {
        this._start(task, args, { onResult: resolve as never, onError: reject });
        return;
      }
      checkSignal(signal);
      if (signal.aborted) throw abortError(signal);
      const abort = () => this._cancel(call, abortError(signal));
      const call = this._start(task, args, {
        onResult(value) {
          leave();
          resolve(value as TaskResult<F>);
        },
        onError(error) {
          leave();
          reject(error);
        },
      });
      const leave = onAbort(signal, abort);
    });
  }

  /**
   * Waits until fewer than `maxQueue` calls wait for a thread: for who submits many, so that they do not pile up. Does not
   * wait if it is so already.
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
   * Takes nothing more, waits for all calls, and ends the threads. With `cancel`, calls are cancelled first. Later calls
   * wait for the same end, and may still cancel.
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

  /** As `shutdown()`, at the end of a block with `await using`. */
  async [asyncDispose](): Promise<void> {
    await this.shutdown();
  }

  /** `submit` for who needs no promise. @internal */
  _start(task: ThreadTask, args: readonly unknown[], listener: Listener): Call {
    const place = placeOf(task);
    if (!Array.isArray(args)) throw wrongType("args", "an array of arguments", args);
    if (this.#shutDown !== undefined) throw new RuntimeError("The executor was shut down");
    const call = new Call(place, args, listener);
    if (this.#running.size < this.#maxThreads) {
      this.#begin(call);
    } else {
      // What waits is cloned now: the caller may change it.
      call.copy();
      this.#waiting.add(call);
    }
    return call;
  }

  /** Who hears of errors of threads that belong to no call. @internal */
  readonly _loops = new Set<Scheduler>();

  /** A thread has failed outside of every call. */
  protected onStray(exception: unknown): void {
    const message = "An exception in a thread of an executor, outside of every call";
    const loop = [...this._loops].find((one) => !one.isClosed());
    if (loop !== undefined) loop.callExceptionHandler({ message, exception });
    // As an error of a thread without a listener: the platform reports it.
    else
      setTimeout(() => {
        throw exception;
      });
  }

  /** @internal */
  _cancel(call: Call, error: CancelledError): void {
    if (call.isSettled || call.cancelled !== undefined) return;
    call.cancelled = error;
    if (this.#waiting.delete(call)) {
      this.#settle(call, "onError", error);
      this.#wake();
      return;
    }
    let grace = this.#grace;
    try {
      this.threads.cancel(call);
    } catch {
      // Nobody knows whether the thread has heard of it, so it has to end in bounded time.
      grace = Math.min(grace, DEFAULT_GRACE);
    }
    if (grace <= 0) this.#giveUp(call);
    else if (grace < Infinity) {
      call.timer = setTimeout(() => this.#giveUp(call), grace);
    }
  }

  /** The thread of a call has answered. */
  protected onEnd(call: Call, isError: boolean, outcome: unknown): void {
    const isCancel = isError && outcome instanceof CancelledError;
    const told = isCancel ? (call.cancelled ?? cancelledThere(outcome)) : outcome;
    this.#settle(call, isError ? "onError" : "onResult", told);
    this.onFree(call);
  }

  /** The thread of a call is free again, or gone. */
  protected onFree(call: Call): void {
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

  #begin(call: Call): void {
    this.#running.add(call);
    try {
      this.threads.begin(call);
    } catch (error) {
      this.#running.delete(call);
      throw error;
    }
  }

  #giveUp(call: Call): void {
    this.#settle(call, "onError", call.cancelled);
    this.threads.terminate(call);
  }

  #settle(call: Call, how: "onResult" | "onError", outcome: unknown): void {
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
