// Several programs one after the other on one loop, and what is done when they have ended.

import { EventLoop } from "./eventLoop.ts";
import { checkBoolean, checkOptions, wrongType } from "./loop/arguments.ts";
import type { Clock } from "./loop/clock.ts";
import { type Context, checkContext, contexts, copyContext } from "./loop/context.ts";
import { asyncDispose } from "./loop/dispose.ts";
import { RuntimeError } from "./loop/errors.ts";
import { checkCatchable, onInterrupt } from "./loop/hosts/interrupt.ts";
import { type AwaitableLike, allTasks, checkAwaitable, ensureFutureOn } from "./tasks/awaitable.ts";
import { cancelAll } from "./tasks/cancelling.ts";
import { gather } from "./tasks/gather.ts";
import { Task } from "./tasks/task.ts";

export interface RunOptions {
  /** Runs in debug mode. */
  readonly debug?: boolean | undefined;
  /** Where the loop's time comes from, by default the host's clock. Only for a loop that is made here. */
  readonly clock?: Clock | undefined;
  /** The loop to run on, or what makes it; by default a new one. It is closed at the end. */
  readonly loop?: EventLoop | (() => EventLoop) | undefined;
  /**
   * Which signals cancel the main task, which can then clean up; the next one ends the process. By default `["SIGINT"]`
   * (Ctrl-C in a terminal), and that only if the program does not listen to it itself. Node, Bun and Deno only.
   */
  readonly signals?: readonly string[] | undefined;
  /** `true` is short for `signals: ["SIGINT"]`, and `false` for `signals: []`. Not used if `signals` is given. */
  readonly handleSigint?: boolean | undefined;
}

/**
 * Runs several programs on one loop and in one context: what one sets the next one finds. Like `asyncio.Runner`.
 *
 * `close()` ends what they left behind, as `run` does at its end.
 *
 * @example
 * await using runner = new Runner();
 * await runner.run(setUp);
 * await runner.run(main);
 */
export class Runner {
  readonly #options: RunOptions;
  readonly #signals: readonly string[] | undefined;
  #loop: EventLoop | undefined;
  #context: Context | undefined;
  #closing: Promise<void> | undefined;

  /**
   * @throws TypeError if the options are none.
   * @throws RuntimeError if one of `signals` cannot be caught, or in a worker, which gets no signals.
   */
  constructor(options: RunOptions = {}) {
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
   * The loop, which is made on first use.
   *
   * @throws RuntimeError if the runner is closed, or the loop that it was given runs or is closed.
   */
  getLoop(): EventLoop {
    if (this.#closing !== undefined) throw new RuntimeError("The runner is closed");
    if (this.#loop === undefined) {
      this.#loop = loopFor(this.#options);
      this.#context = copyContext();
    }
    return this.#loop;
  }

  /**
   * Runs `main`; the promise settles as it did. Tasks that it leaves behind wait for the next run, or for `close()`.
   *
   * Rejected with a TypeError if `main` is not awaitable, with a RuntimeError if the runner is closed or running; with a
   * CancelledError if a signal cancelled `main`, as `run` explains. (Unlike asyncio, which raises KeyboardInterrupt.)
   *
   * @param options.context the context that `main` runs in, by default the runner's own.
   */
  async run<T>(
    main: AwaitableLike<T>,
    options: { readonly context?: Context | undefined } = {},
  ): Promise<T> {
    checkAwaitable("main", main);
    checkOptions(options);
    if (options.context !== undefined) checkContext(options.context);
    const loop = this.getLoop();
    if (loop.isRunning()) throw new RuntimeError("The runner is running already");
    // A task without a context costs less, and until one is in use no context holds anything.
    const context = options.context ?? (contexts.inUse ? this.#context : undefined);
    const future = ensureFutureOn(loop, main, context && { context });
    const end = onInterrupt(loop, (message) => future.cancel(message), this.#signals);
    try {
      return await loop.runUntilComplete(future);
    } catch (error) {
      if (future.cancelled()) end(error);
      throw error;
    } finally {
      end();
      // The first that sets a variable at all makes the context of all.
      if (context === undefined && future instanceof Task)
        this.#context = future._context ?? this.#context;
    }
  }

  /**
   * Cancels all tasks that are not done, waits for them, reports their errors to the loop's exception handler, and closes
   * the loop. A second call waits for the first.
   *
   * Rejected with a RuntimeError while the runner runs.
   */
  async close(): Promise<void> {
    const loop = this.#loop;
    if (this.#closing === undefined && loop?.isRunning()) {
      throw new RuntimeError("The runner is running");
    }
    this.#closing ??= loop === undefined ? Promise.resolve() : endAndClose(loop);
    await this.#closing;
  }

  /** As `close()`, at the end of a block with `await using`. */
  async [asyncDispose](): Promise<void> {
    await this.close();
  }
}

async function endAndClose(loop: EventLoop): Promise<void> {
  try {
    // A task may start others while it cleans up.
    for (let left = cancelLeft(loop); left.length > 0; left = cancelLeft(loop)) {
      await loop.runUntilComplete(gather(left, { returnExceptions: true }));
      reportErrors(loop, left);
    }
  } finally {
    loop.close();
  }
}

/** The loop that the options ask for. */
export function loopFor(options: RunOptions): EventLoop {
  const { debug = false, clock, loop } = options;
  checkBoolean("debug", debug);
  if (loop === undefined) return new EventLoop(clock === undefined ? { debug } : { debug, clock });
  const given: unknown = typeof loop === "function" ? loop() : loop;
  if (!(given instanceof EventLoop)) {
    throw wrongType("loop", "or make an event loop", given);
  }
  // What follows would end the tasks of somebody else.
  if (given.isClosed()) throw new RuntimeError("The loop is closed");
  if (given.isRunning()) throw new RuntimeError("The loop is running already");
  if (debug) given.setDebug(true);
  return given;
}

/** Cancels every task that is not done. */
export function cancelLeft(loop: EventLoop): Task<unknown>[] {
  const left = [...allTasks(loop)];
  cancelAll(left);
  return left;
}

/** Reports the errors of tasks that nobody can await any more. */
export function reportErrors(loop: EventLoop, tasks: readonly Task<unknown>[]): void {
  for (const task of tasks) {
    if (task.cancelled()) continue;
    const exception = task.exception();
    if (exception === undefined) continue;
    loop.callExceptionHandler({
      message: "A task failed while it was cancelled at the end of run()",
      exception,
      task,
    });
  }
}
