// The calls that a loop makes in other threads: their futures, and the loop's default executor.

import { wrongType } from "../lang/arguments.ts";
import { CancelledError, RuntimeError } from "../lang/errors.ts";
import { errorName, isCancellation } from "../lang/thrown.ts";
import { currentScheduler } from "../loop/current.ts";
import type { Scheduler } from "../loop/scheduler.ts";
import {
  type Executor,
  type ExecutorPort,
  executorPortOf,
  type TaskArguments,
  type TaskResult,
  type ThreadTask,
} from "../program/executorPort.ts";
import { cancelledThere } from "../remote/remoteError.ts";
import { ExternalFuture } from "../tasks/externalFuture.ts";
import { type Coroutine, coroutine } from "../tasks/kernel/coroutine.ts";
import type { Future } from "../tasks/kernel/future.ts";
import { procedure } from "../tasks/lazyCall.ts";
import { futureOfPromise } from "../tasks/relay.ts";
import { CallExecutor } from "./calls.ts";
import { locationOf } from "./task.ts";
import type { ThreadCall } from "./threadCall.ts";

const loopExecutors = /* @__PURE__ */ new WeakMap<Scheduler, LoopExecutor>();

/** Returns the object that manages the calls of `loop` in other threads. Each loop has only one. */
export function loopExecutorOf(loop: Scheduler, makeDefault: () => Executor): ExecutorPort {
  let port = loopExecutors.get(loop);
  if (port === undefined) {
    port = new LoopExecutor(loop, makeDefault);
    loopExecutors.set(loop, port);
    loop._resources.add(port);
  }
  return port;
}

/**
 * Calls a function in another thread, on the loop's default executor. Returns its result. Like
 * `asyncio.to_thread`.
 *
 * Pass a function made by `defineTask`, or `{ url, name }` of an export. Arguments and result are
 * structured clones. A cancellation waits for the call to end, as described at
 * `ThreadExecutor.submit`.
 *
 * @throws TypeError if `task` is neither such a function nor such an object.
 * @throws RuntimeError if no loop is running.
 * @example
 * const n = yield* toThread(fib, 40);
 */
export function toThread<F extends ThreadTask>(
  task: F,
  ...args: TaskArguments<F>
): Coroutine<TaskResult<F>> {
  locationOf(task);
  return runInThread(task, args) as Coroutine<TaskResult<F>>;
}

const runInThread = /* @__PURE__ */ coroutine(function* toThread(
  task: ThreadTask,
  args: readonly unknown[],
): Coroutine<unknown> {
  return yield* executorPortOf(currentScheduler("toThread()")).run(null, task, args);
});

class LoopExecutor implements ExecutorPort {
  readonly #loop: Scheduler;
  readonly #makeDefault: () => Executor;
  #default: Executor | undefined;
  /** The executors that use this loop to report errors that belong to no call. */
  readonly #used = new Set<CallExecutor>();

  constructor(loop: Scheduler, makeDefault: () => Executor) {
    this.#loop = loop;
    this.#makeDefault = makeDefault;
  }

  run(
    executor: Executor | null | undefined,
    task: ThreadTask,
    args: readonly unknown[],
  ): Future<unknown> {
    if (executor !== null && executor !== undefined) checkExecutor(executor);
    const loop = this.#loop;
    if (loop.isClosed()) throw new RuntimeError("The loop is closed");
    this.#default ??= executor ? undefined : this.#makeDefault();
    const chosen = (executor ?? this.#default) as Executor;
    if (makesFutures(chosen)) return chosen._futureOn(loop, task, args);
    if (!(chosen instanceof CallExecutor)) return new SubmittedCallFuture(loop, chosen, task, args);
    chosen._loops.add(loop);
    this.#used.add(chosen);
    return new QueuedCallFuture(loop, chosen, task, args);
  }

  setDefault(executor: Executor): void {
    checkExecutor(executor);
    this.#default = executor;
  }

  shutdown(): Coroutine<void> {
    return procedure(this.#shutdown());
  }

  *#shutdown(): Coroutine<void> {
    const executor = this.#default;
    if (executor !== undefined) yield* futureOfPromise(this.#loop, executor.shutdown());
  }

  close(): void {
    const loop = this.#loop;
    loopExecutors.delete(loop);
    for (const executor of this.#used) executor._loops.delete(loop);
    this.#default?.shutdown({ cancel: true }).catch((exception) => {
      loop.callExceptionHandler({ message: "The default executor could not shut down", exception });
    });
  }
}

/** An executor that creates the futures for its calls itself. */
export interface FutureMaker extends Executor {
  _futureOn(loop: Scheduler, task: ThreadTask, args: readonly unknown[]): Future<unknown>;
}

function makesFutures(executor: Executor): executor is FutureMaker {
  return typeof (executor as Partial<FutureMaker>)._futureOn === "function";
}

/** The future of a call in another thread or process. */
export abstract class CallFuture extends ExternalFuture<unknown> {
  /** Whether the call was cancelled through this future. */
  _isCancelled = false;

  override cancel(message?: string): boolean {
    if (this.done()) return false;
    this._isCancelled = true;
    this._end(new CancelledError(message ?? "The call was cancelled"));
    return true;
  }

  onResult(value: unknown): void {
    if (this._isAwaited()) this._succeed(value);
  }

  onError(error: unknown): void {
    if (!this._isAwaited()) return;
    if (!isCancellation(error)) this._fail(error);
    else if (this._isCancelled) this._abandon(error);
    // Something else cancelled the call, such as a shutdown of the executor. A task group must not
    // mistake that for its own cancellation.
    else this._fail(cancelledThere(error));
  }

  override _describe(): string {
    return "ThreadCall";
  }

  /** Returns the key under which the other side serves the call; undefined if the call has none. */
  _callKey(): string | undefined {
    return undefined;
  }

  /** Cancels the call. The future stays pending until the call has ended. */
  protected abstract _end(error: CancelledError): void;

  /** Cancels the future of a call that could not begin. */
  protected _discard(): void {
    this._abandon(new CancelledError("The call could not begin"));
  }

  /** Whether a task may still await the outcome. Once the loop is closed, its tasks never run. */
  protected _isAwaited(): boolean {
    return !this._loop.isClosed();
  }
}

class QueuedCallFuture extends CallFuture {
  readonly #executor: CallExecutor;
  readonly #call: ThreadCall | undefined;

  constructor(loop: Scheduler, executor: CallExecutor, task: ThreadTask, args: readonly unknown[]) {
    super(loop);
    this.#executor = executor;
    try {
      this.#call = executor._start(task, args, this);
    } catch (error) {
      this._discard();
      throw error;
    }
  }

  override _describe(): string {
    return this.#call === undefined ? super._describe() : this.#executor._describe(this.#call);
  }

  override _callKey(): string | undefined {
    return this.#call && this.#executor._keyOf(this.#call);
  }

  protected override _end(error: CancelledError): void {
    if (this.#call !== undefined) this.#executor._cancel(this.#call, error);
  }
}

/** The future of a call on an executor that is not one of this package's. */
class SubmittedCallFuture extends CallFuture {
  readonly #controller = new AbortController();

  constructor(loop: Scheduler, executor: Executor, task: ThreadTask, args: readonly unknown[]) {
    super(loop);
    const { signal } = this.#controller;
    // An async function, so that it doesn't matter whether `submit` throws or rejects.
    const submit = async () => executor.submit(task, args as never, { signal });
    submit().then(
      (value) => this.onResult(value),
      (error: unknown) => {
        const isAbort = signal.aborted && errorName(error) === "AbortError";
        this.onError(isAbort ? signal.reason : error);
      },
    );
  }

  protected override _end(error: CancelledError): void {
    this.#controller.abort(error);
  }
}

function checkExecutor(value: unknown): void {
  const { submit, shutdown } = (value ?? {}) as Partial<Executor>;
  if (typeof submit !== "function" || typeof shutdown !== "function") {
    throw wrongType("executor", "an Executor, with `submit` and `shutdown`", value);
  }
}
