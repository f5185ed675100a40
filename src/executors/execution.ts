// What a loop runs in other threads: futures of calls, and the executor that is used if none is named.

import {
  type Executing,
  type Executor,
  newExecuting,
  type TaskArguments,
  type TaskResult,
  type ThreadTask,
} from "../executing.ts";
import { wrongType } from "../loop/arguments.ts";
import { CancelledError, RuntimeError } from "../loop/errors.ts";
import type { Scheduler } from "../loop/scheduler.ts";
import { cancelledThere } from "../remote/remoteError.ts";
import { type Coroutine, coroutine } from "../tasks/coroutine.ts";
import { currentScheduler, Future } from "../tasks/future.ts";
import { futureOfPromise } from "../tasks/relay.ts";
import { CallExecutor } from "./calls.ts";
import { placeOf } from "./task.ts";

const executions = /* @__PURE__ */ new WeakMap<Scheduler, Execution>();

/** What `loop` runs in other threads: one thing for all who ask. */
export function executionOf(loop: Scheduler, makeDefault: () => Executor): Executing {
  let execution = executions.get(loop);
  if (execution === undefined) {
    execution = new Execution(loop, makeDefault);
    executions.set(loop, execution);
    loop._resources.add(execution);
  }
  return execution;
}

/**
 * Calls a function in another thread, with the loop's default executor. Gives its result. Like `asyncio.to_thread`.
 *
 * The function is one that `defineTask` made, or `{ url, name }` of an export; arguments and result are structured clones.
 * A cancel waits for the call to end: see `ThreadExecutor`.
 *
 * @throws TypeError if `task` is none. @throws RuntimeError if no loop runs.
 * @example
 * const n = yield* toThread(fib, 40);
 */
export function toThread<F extends ThreadTask>(
  task: F,
  ...args: TaskArguments<F>
): Coroutine<TaskResult<F>> {
  placeOf(task);
  return inThread(task, args) as Coroutine<TaskResult<F>>;
}

const inThread = /* @__PURE__ */ coroutine(function* toThread(
  task: ThreadTask,
  args: readonly unknown[],
): Coroutine<unknown> {
  return yield* newExecuting(currentScheduler("toThread()")).run(null, task, args);
});

class Execution implements Executing {
  readonly #loop: Scheduler;
  readonly #makeDefault: () => Executor;
  #default: Executor | undefined;
  /** Those that report to the loop. */
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
    if (!(chosen instanceof CallExecutor)) return new SubmittedCall(loop, chosen, task, args);
    chosen._loops.add(loop);
    this.#used.add(chosen);
    return new ThreadCall(loop, chosen, task, args);
  }

  setDefault(executor: Executor): void {
    checkExecutor(executor);
    this.#default = executor;
  }

  *shutdown(): Coroutine<void> {
    const executor = this.#default;
    if (executor !== undefined) yield* futureOfPromise(this.#loop, executor.shutdown());
  }

  close(): void {
    const loop = this.#loop;
    executions.delete(loop);
    for (const executor of this.#used) executor._loops.delete(loop);
    this.#default?.shutdown({ cancel: true }).catch((exception) => {
      loop.callExceptionHandler({ message: "The default executor could not end", exception });
    });
  }
}

/** The future of a call in another thread. While it is pending, a clock that leaps has to wait. */
abstract class OutsideCall extends Future<unknown> {
  /** Whether it was cancelled here. @internal */
  _isCancelled = false;

  constructor(loop: Scheduler) {
    super(undefined, loop);
    loop._external++;
  }

  override cancel(message?: string): boolean {
    if (this.done()) return false;
    this._isCancelled = true;
    this._end(new CancelledError(message ?? "The call was cancelled"));
    return true;
  }

  onResult(value: unknown): void {
    if (this._leave()) this._succeed(value);
  }

  onError(error: unknown): void {
    if (!this._leave()) return;
    if (!(error instanceof CancelledError)) this._fail(error);
    else if (this._isCancelled) this._abandon(error);
    // Somebody else has shut the executor down, for one. A group must not take that for its own doing.
    else this._fail(cancelledThere(error));
  }

  override _describe(): string {
    return "ThreadCall";
  }

  /** Cancels the call: its end is waited for. */
  protected abstract _end(error: CancelledError): void;

  protected _leave(): boolean {
    const loop = this._loop;
    loop._external--;
    // What waits for a closed loop never runs.
    return !loop.isClosed();
  }
}

class ThreadCall extends OutsideCall {
  readonly #end: (error: CancelledError) => void;

  constructor(loop: Scheduler, executor: CallExecutor, task: ThreadTask, args: readonly unknown[]) {
    super(loop);
    try {
      const call = executor._start(task, args, this);
      this.#end = (error) => executor._cancel(call, error);
    } catch (error) {
      loop._external--;
      throw error;
    }
  }

  protected override _end(error: CancelledError): void {
    this.#end(error);
  }
}

/** A call of an executor that somebody else wrote. */
class SubmittedCall extends OutsideCall {
  readonly #controller = new AbortController();

  constructor(loop: Scheduler, executor: Executor, task: ThreadTask, args: readonly unknown[]) {
    super(loop);
    const { signal } = this.#controller;
    // An async function, so that it does not matter how `submit` fails.
    const submit = async () => executor.submit(task, args as never, { signal });
    submit().then(
      (value) => this.onResult(value),
      (error: unknown) => {
        const isAbort = signal.aborted && (error as Error | undefined)?.name === "AbortError";
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
