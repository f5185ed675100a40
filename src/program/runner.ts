// Runs several programs one after the other on one loop, and ends the tasks they leave behind.

import { checkBoolean, checkOptions, wrongType } from "../lang/arguments.ts";
import { asyncDispose } from "../lang/dispose.ts";
import { RuntimeError } from "../lang/errors.ts";
import type { Clock } from "../loop/clock.ts";
import { type Context, checkContext, contexts, copyContext } from "../loop/context.ts";
import { withoutFlow } from "../loop/hosts/asyncContext.ts";
import { checkCatchable, onInterrupt } from "../loop/hosts/interrupt.ts";
import { platform } from "../loop/platform.ts";
import { checkLoop } from "../loop/scheduler.ts";
import { type AwaitableLike, checkAwaitable } from "../tasks/awaitable.ts";
import { allTasks } from "../tasks/currentTask.ts";
import { ensureFutureOn } from "../tasks/ensureFuture.ts";
import { gather } from "../tasks/gather.ts";
import { cancelAll } from "../tasks/kernel/cancelling.ts";
import type { Future } from "../tasks/kernel/future.ts";
import { Task } from "../tasks/kernel/task.ts";
import { EventLoop } from "./eventLoop.ts";

export interface RunOptions {
  /** Whether the loop runs in debug mode. */
  readonly debug?: boolean | undefined;
  /** The source of the loop's time. By default the host's clock. Not used if `loop` is given. */
  readonly clock?: Clock | undefined;
  /**
   * The loop to run on, or a function that creates it. By default a new loop. In any case, the loop
   * is closed at the end.
   */
  readonly loop?: EventLoop | (() => EventLoop) | undefined;
  /**
   * The signals that cancel the main task, which can then clean up. The next such signal ends the
   * process. By default `["SIGINT"]` (Ctrl-C in a terminal), unless the program itself listens to
   * SIGINT. Node, Bun and Deno only.
   */
  readonly signals?: readonly string[] | undefined;
  /**
   * `true` is short for `signals: ["SIGINT"]`, `false` for `signals: []`. Not used if `signals` is
   * given.
   */
  readonly handleSigint?: boolean | undefined;
}

/**
 * This is a separate class, because bundlers keep a class with a computed member name even in
 * programs that don't use it.
 */
abstract class Closable {
  abstract close(): Promise<void>;

  /** Calls `close()` at the end of a block with `await using`. */
  async [asyncDispose](): Promise<void> {
    await this.close();
  }
}

/**
 * Runs several programs on one loop and in one context, so that each sees the context variables
 * that earlier ones set. Like `asyncio.Runner`.
 *
 * `close()` ends the tasks they leave behind, as `run` does.
 *
 * @example
 * await using runner = new Runner();
 * await runner.run(setUp);
 * await runner.run(main);
 */
export class Runner extends Closable {
  readonly #options: RunOptions;
  readonly #signals: readonly string[] | undefined;
  #loop: EventLoop | undefined;
  #context: Context | undefined;
  #closing: Promise<void> | undefined;

  /**
   * @throws TypeError if an option is invalid.
   * @throws RuntimeError if one of `signals` can't be caught, for example because this is a worker,
   * which receives no signals.
   */
  constructor(options: RunOptions = {}) {
    super();
    checkOptions(options);
    const { handleSigint, signals } = options;
    if (handleSigint !== undefined) {
      checkBoolean("handleSigint", handleSigint);
      this.#signals = handleSigint ? ["SIGINT"] : [];
    }
    if (signals !== undefined) {
      if (!Array.isArray(signals)) throw wrongType("signals", "an array", signals);
      this.#signals = [...signals];
    }
    this.#signals?.forEach(checkCatchable);
    this.#options = options;
  }

  /**
   * Returns the loop, which is created on first use.
   *
   * @throws RuntimeError if the runner is closed, or if the given loop is running or closed.
   */
  getLoop(): EventLoop {
    if (this.#closing !== undefined) throw new RuntimeError("The runner is closed");
    if (this.#loop === undefined) {
      const { clock = platform.clock?.() } = this.#options;
      this.#loop = newLoopFor({ ...this.#options, clock });
      this.#context = copyContext();
    }
    return this.#loop;
  }

  /**
   * Runs `main`. The promise settles with its outcome. Tasks that it leaves behind continue in the
   * next run, or are ended by `close()`.
   *
   * Rejects with a TypeError if `main` is not awaitable; with a RuntimeError if the runner is
   * closed or running; with a CancelledError if a signal cancelled `main`, as `run` explains.
   * (asyncio raises KeyboardInterrupt.)
   *
   * @param options.context the context in which `main` runs. By default the runner's own.
   */
  async run<T>(
    main: AwaitableLike<T>,
    options: { readonly context?: Context | undefined } = {},
  ): Promise<T> {
    checkAwaitable("main", main);
    checkOptions(options);
    if (options.context !== undefined) checkContext(options.context);
    const loop = this.getLoop();
    if (loop.isRunning()) throw new RuntimeError("The runner is already running");
    // Until a variable is set, all contexts are empty, and a task without one is cheaper.
    const context = options.context ?? (contexts.inUse ? this.#context : undefined);
    const future = withoutFlow(() => ensureFutureOn(loop, main, context && { context }));
    const end = onInterrupt(loop, (message) => future.cancel(message), this.#signals);
    try {
      return await loop.runUntilComplete(future);
    } catch (error) {
      if (future.cancelled()) end(error);
      throw error;
    } finally {
      end();
      // The first variable that is set creates a context, which later runs share.
      if (context === undefined && future instanceof Task)
        this.#context = future._context ?? this.#context;
    }
  }

  /**
   * Cancels all pending tasks, waits for them, reports their errors to the loop's exception
   * handler, and closes the loop. A second call waits for the first.
   *
   * Rejects with a RuntimeError while a program runs.
   */
  async close(): Promise<void> {
    const loop = this.#loop;
    if (this.#closing === undefined && loop?.isRunning()) {
      throw new RuntimeError("The runner is running");
    }
    this.#closing ??= loop === undefined ? Promise.resolve() : endAndClose(loop);
    await this.#closing;
  }
}

async function endAndClose(loop: EventLoop): Promise<void> {
  try {
    for (const left of drain(loop)) await loop.runUntilComplete(left);
  } finally {
    loop.close();
  }
}

/** Returns the loop that the options name or describe. */
export function newLoopFor(options: RunOptions): EventLoop {
  const { debug = false, clock, loop } = options;
  checkBoolean("debug", debug);
  if (loop === undefined) return new EventLoop({ debug, clock });
  const given = typeof loop === "function" ? loop() : loop;
  checkLoop(given);
  // Without these checks, the runner would end tasks that are not its own.
  if (given.isClosed()) throw new RuntimeError("The loop is closed");
  if (given.isRunning()) throw new RuntimeError("The loop is already running");
  if (debug) given.setDebug(true);
  return given;
}

/**
 * Cancels the remaining tasks, yields a future that completes when they are done, and then reports
 * their errors, because nothing awaits these tasks. Repeats this while tasks start others during
 * cleanup.
 */
export function* drain(loop: EventLoop): Generator<Future<unknown>, void> {
  for (let left = [...allTasks(loop)]; left.length > 0; left = [...allTasks(loop)]) {
    cancelAll(left);
    yield gather(left, { returnExceptions: true });
    for (const task of left) {
      if (task.cancelled() || !task._hasFailed()) continue;
      loop.callExceptionHandler({
        message: "A task failed while it was cancelled at the end of run()",
        exception: task._reason(),
        task,
      });
    }
  }
}
