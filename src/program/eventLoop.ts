// The event loop that programs use. It checks arguments and documents the contract; the scheduling
// is in loop/baseEventLoop.ts.
//
// The file is long because every method of the contract is documented here, in one place.

import { type Core, type CoreKind, newCore } from "../core/core.ts";
import {
  checkBoolean,
  checkChoice,
  checkFunction,
  checkOptions,
  checkTime,
  describe,
  wrongType,
} from "../lang/arguments.ts";
import { RuntimeError } from "../lang/errors.ts";
import { BaseEventLoop, loopClosed } from "../loop/baseEventLoop.ts";
import { type Clock, monotonicClock } from "../loop/clock.ts";
import { beforeLoop } from "../loop/createKept.ts";
import { currentScheduler, runningScheduler } from "../loop/current.ts";
import type { Callback, Handle, TimerHandle } from "../loop/handle.ts";
import { watchHolders } from "../loop/holders.ts";
import { type HookSet, instrument } from "../loop/hooks.ts";
import { asyncContextKeeper, withoutFlow } from "../loop/hosts/asyncContext.ts";
import { bellHere } from "../loop/hosts/blocking.ts";
import { checkSignalName } from "../loop/hosts/interrupt.ts";
import { watchPromises } from "../loop/ownPromises.ts";
import {
  type ExposedFunctions,
  notIncluded,
  platform,
  type RemotePort,
  type RemoteTicket,
  type Sources,
} from "../loop/platform.ts";
import { deliverReport, measureSteps } from "../loop/reports.ts";
import { bindInherited, inheritedFlow } from "../loop/runnableContext.ts";
import { checkLoop, type ExceptionContext } from "../loop/scheduler.ts";
import { unwatchUnawaited, watchUnawaited } from "../loop/unawaited.ts";
import { reportUnretrieved } from "../loop/unretrieved.ts";
import {
  type AwaitableLike,
  type CoroutineLike,
  checkAwaitable,
  checkCoroutine,
} from "../tasks/awaitable.ts";
import { createTaskOn } from "../tasks/createTask.ts";
import { ensureFutureOn } from "../tasks/ensureFuture.ts";
import type { Coroutine } from "../tasks/kernel/coroutine.ts";
import { awaited, Future, isFuture } from "../tasks/kernel/future.ts";
import { Task } from "../tasks/kernel/task.ts";
import type { TaskOptions } from "../tasks/kernel/taskOptions.ts";
import {
  type Executor,
  executorPortOf,
  type TaskArguments,
  type TaskResult,
  type ThreadTask,
} from "./executorPort.ts";
import type { LoopHooks } from "./loopHooks.ts";

/** The options of `newEventLoop` and `new EventLoop`. */
export interface EventLoopOptions {
  /** Whether the loop starts in debug mode. By default false. */
  readonly debug?: boolean | undefined;
  /** The source of the loop's time. By default the host's monotonic clock. */
  readonly clock?: Clock | undefined;
  /** How many milliseconds of ready work run before the host may run. By default 5. */
  readonly slice?: number | undefined;
  /**
   * The core that orders the callbacks. By default WebAssembly where the host allows it, otherwise
   * TypeScript.
   */
  readonly core?: CoreKind | undefined;
  /**
   * Whether each callback and each step of a task runs in the `AsyncLocalStorage` context in which
   * the callback or task was created. This makes callbacks and tasks slower. It is only needed for
   * stores that are set inside tasks, because `run`, `toAsync` and calls from outside the loop keep
   * their caller's stores anyway. A store set with `enterWith` doesn't outlast the step.
   */
  readonly asyncContext?: boolean | undefined;
}

/** Receives errors that no caller can catch. */
export type ExceptionHandler = (loop: EventLoop, context: ExceptionContext) => unknown;

/** Creates the tasks of a loop, in place of `new Task(...)`. */
export type TaskFactory = <T>(loop: EventLoop, body: Coroutine<T>, options: TaskOptions) => Task<T>;

const CORE_KINDS: readonly CoreKind[] = ["wasm", "js"];
/** The values of `EVENT_READ` and `EVENT_WRITE` in io/pollable.ts. */
const READ = 1;
const WRITE = 2;
const RETURNED_FUTURE = "The outcome is a future that is not done. Did you mean `return yield*`?";
/** In milliseconds. Two slices fit into one frame, with room for the page. */
const DEFAULT_SLICE = 5;

/**
 * An event loop: runs callbacks, timers and tasks, one at a time and in a predictable order.
 * Created by `newEventLoop()`. Like `asyncio.AbstractEventLoop`.
 *
 * One turn runs exactly what is ready when it begins: first callbacks and tasks, in the order in
 * which they became ready, then due timers, by deadline and then by order of arrival. Whatever
 * becomes ready meanwhile waits for the next turn. Tasks with the option `priority` may run earlier
 * or later than this.
 *
 * The loop is a guest of its host: after each slice of ready work, the host may run.
 */
export class EventLoop extends BaseEventLoop {
  readonly #clock: Clock;
  #sources: Sources | undefined;
  #taskFactory: TaskFactory | undefined;
  #exceptionHandler: ExceptionHandler | undefined;
  #debug = false;
  #slowCallbackDuration = 100;
  #stopMeasuring: (() => void) | undefined;

  /**
   * @throws TypeError, RangeError if an option is invalid. @throws RuntimeError if `asyncContext`
   * is set where there is no `AsyncLocalStorage`.
   */
  // biome-ignore lint/style/useUnifiedTypeSignatures: the other one is internal
  constructor(options?: EventLoopOptions);
  /** Creates a loop that uses `core`. @internal */
  constructor(options: EventLoopOptions, core: Core);
  constructor(options: EventLoopOptions = {}, given?: Core) {
    checkOptions(options);
    const {
      slice = DEFAULT_SLICE,
      clock = monotonicClock,
      debug = false,
      asyncContext = false,
      core,
    } = options;
    checkBoolean("debug", debug);
    checkBoolean("asyncContext", asyncContext);
    checkTime("slice", slice);
    if (typeof clock?.now !== "function") {
      throw wrongType("clock", "a Clock", clock);
    }
    if (core !== undefined) checkChoice("core", core, CORE_KINDS);
    // `beforeLoop` comes first, because it may create and close another loop, whose core this loop
    // can then reuse.
    if (given === undefined) beforeLoop(() => new EventLoop({ core }));
    super(given ?? newCore(core), clock, slice, asyncContext ? asyncContextKeeper() : undefined);
    this.#clock = clock;
    if (clock.advanceTo !== undefined) watchForDeadlocks(1);
    this.setDebug(debug);
  }

  /**
   * The core that orders the callbacks: `"wasm"`, or `"js"` if an option chose that or a
   * Content-Security-Policy forbids WebAssembly.
   */
  get core(): CoreKind {
    return this._core.kind;
  }

  /**
   * Returns the time of the loop's clock: milliseconds since an arbitrary start, never decreasing.
   */
  time(): number {
    return this.#clock.now();
  }

  /**
   * Calls `callback(...args)` in the next turn. Callbacks run in the order in which they were
   * added, each exactly once.
   *
   * @throws TypeError if `callback` is not a function. @throws RuntimeError if the loop is closed.
   */
  callSoon<Args extends unknown[]>(callback: Callback<Args>, ...args: Args): Handle {
    checkFunction("callback", callback);
    return this._callSoon(bindInherited(callback), args, inheritedFlow(this));
  }

  /**
   * Equivalent to `callSoon`, for programs ported from asyncio. (Unlike in asyncio, threads can't
   * share functions. To let other threads call functions by name, use `expose`.)
   *
   * @throws TypeError if `callback` is not a function. @throws RuntimeError if the loop is closed.
   */
  callSoonThreadsafe<Args extends unknown[]>(callback: Callback<Args>, ...args: Args): Handle {
    return this.callSoon(callback, ...args);
  }

  /**
   * Lets other threads call these functions by name. Coroutine functions run as tasks of this loop.
   * Functions exposed earlier stay exposed. Needs `mysyncio/node` or `mysyncio/browser`.
   *
   * Arguments and results are structured clones: see `connectRemote`. Every holder of the loop's
   * ticket may call the functions. A loop that exposes functions and has nothing else to do waits
   * for calls. The functions see neither the context variables nor the `AsyncLocalStorage` stores
   * of their callers, nor those of the code that called `expose`.
   *
   * @throws TypeError if a value is not a function. @throws RuntimeError if the loop is closed.
   */
  expose(functions: ExposedFunctions): void {
    this.#remotePort().expose(functions);
  }

  /**
   * Returns a ticket with which other threads can call the functions that the loop exposes. It can
   * be copied, and sent by any means and any number of times: as `workerData` or in messages.
   *
   * @throws RuntimeError if the loop is closed.
   */
  remote(): RemoteTicket {
    return this.#remotePort().ticket;
  }

  /**
   * Calls `callback(...args)` after `delay` milliseconds, never earlier. A negative delay counts as
   * 0, and with Infinity the callback never runs.
   *
   * Timers run by deadline, and by order of arrival if deadlines are equal. A timer with a delay of
   * 0 runs after every callback that is ready when its turn begins. (Unlike asyncio, which runs
   * timers with equal deadlines in the order of a heap.)
   *
   * @throws TypeError, RangeError if `delay` is not a number. @throws RuntimeError if the loop is
   * closed.
   */
  callLater<Args extends unknown[]>(
    delay: number,
    callback: Callback<Args>,
    ...args: Args
  ): TimerHandle {
    checkTime("delay", delay);
    checkFunction("callback", callback);
    const when = this.#clock.now() + Math.max(delay, 0);
    return this._callAt(when, bindInherited(callback), args, inheritedFlow(this));
  }

  /**
   * Calls `callback(...args)` when `loop.time()` reaches `when`. Timers run in the order that
   * `callLater` describes.
   *
   * @throws TypeError, RangeError if `when` is not a number. @throws RuntimeError if the loop is
   * closed.
   */
  callAt<Args extends unknown[]>(
    when: number,
    callback: Callback<Args>,
    ...args: Args
  ): TimerHandle {
    checkTime("when", when);
    checkFunction("callback", callback);
    return this._callAt(when, bindInherited(callback), args, inheritedFlow(this));
  }

  /**
   * Calls `callback(...args)` in each turn in which `source` is ready for reading. The source may
   * be a socket, a server, a stream, a message port, or a `Pollable` of your own. Replaces an
   * earlier reader of the source. While any source is watched, a loop with nothing else to do waits
   * for it.
   *
   * @throws TypeError if `callback` is not a function, or `source` can't be watched.
   * @throws RuntimeError if the loop is closed, or neither `mysyncio/node` nor `mysyncio/browser`
   * was imported.
   */
  addReader<Args extends unknown[]>(
    source: unknown,
    callback: Callback<Args>,
    ...args: Args
  ): void {
    checkFunction("callback", callback);
    this.#watchedSources().add(source, READ, callback, args);
  }

  /**
   * Removes the reader of `source`. Its callback doesn't run, even if the source is already ready.
   * Returns whether there was a reader.
   */
  removeReader(source: unknown): boolean {
    return this.#sources?.remove(source, READ) ?? false;
  }

  /** Like `addReader`, for a source that is ready for writing. */
  addWriter<Args extends unknown[]>(
    source: unknown,
    callback: Callback<Args>,
    ...args: Args
  ): void {
    checkFunction("callback", callback);
    this.#watchedSources().add(source, WRITE, callback, args);
  }

  /**
   * Removes the writer of `source`. Its callback doesn't run, even if the source is already ready.
   * Returns whether there was a writer.
   */
  removeWriter(source: unknown): boolean {
    return this.#sources?.remove(source, WRITE) ?? false;
  }

  /**
   * The `Selector` that tracks which sources are ready. The loop polls it once per turn.
   *
   * @throws RuntimeError if the loop is closed, or neither `mysyncio/node` nor `mysyncio/browser`
   * was imported.
   */
  get selector(): object {
    return this.#watchedSources().selector;
  }

  /**
   * Calls `callback(...args)` in the next turn after the process received a signal. Replaces an
   * earlier handler of this loop for that signal. Needs `mysyncio/node`.
   *
   * A signal with a handler no longer ends the process. The handler keeps neither the loop running
   * nor the process alive. Closing the loop removes the handler.
   *
   * @param signal the signal's name, such as `"SIGTERM"`.
   * @throws TypeError if `signal` is not a signal, or `callback` not a function.
   * @throws RuntimeError if the signal can't be caught, like SIGKILL and SIGSTOP; if the loop is
   * closed; where there are no signals; and in a worker, because only the main thread receives
   * signals. Like asyncio.
   */
  addSignalHandler<Args extends unknown[]>(
    signal: string,
    callback: Callback<Args>,
    ...args: Args
  ): void {
    checkFunction("callback", callback);
    const sources = this.#watchedSources();
    if (sources.addSignal === undefined) throw new RuntimeError("There are no signals here");
    sources.addSignal(signal, callback, args);
  }

  /**
   * Removes the handler of a signal. Returns whether there was one.
   *
   * @throws TypeError if `signal` is not a signal.
   */
  removeSignalHandler(signal: string): boolean {
    checkSignalName(signal);
    return this.#sources?.removeSignal?.(signal) ?? false;
  }

  /**
   * Calls a function in another thread. The future is done when the call has ended. The function is
   * one that `defineTask` returned, or `{ url, name }` of an export. Like asyncio's
   * `loop.run_in_executor`. Needs `mysyncio/node` or `mysyncio/browser`.
   *
   * Cancelling the future cancels the call. The future stays pending until the call has ended: see
   * `ThreadExecutor`.
   *
   * @param executor null for the default executor, which is created on first use and shut down with
   * the loop.
   * @throws TypeError if `executor` is not an executor, or `task` not a task. @throws RuntimeError
   * if the loop is closed, or the executor is shut down. @throws DataCloneError if an argument
   * can't be cloned. If the call needn't wait, the future may fail with that error instead.
   */
  runInExecutor<F extends ThreadTask>(
    executor: Executor | null,
    task: F,
    ...args: TaskArguments<F>
  ): Future<TaskResult<F>> {
    return executorPortOf(this).run(executor, task, args) as Future<TaskResult<F>>;
  }

  /**
   * Sets the executor for calls that don't name one. It is shut down with the loop.
   *
   * @throws TypeError if `executor` is not an executor. @throws RuntimeError if the loop is closed.
   */
  setDefaultExecutor(executor: Executor): void {
    if (this._isClosed) throw loopClosed();
    executorPortOf(this).setDefault(executor);
  }

  /**
   * Waits until the calls of the default executor have ended, and ends its threads. The executor
   * rejects new calls.
   */
  shutdownDefaultExecutor(): Coroutine<void> {
    return executorPortOf(this).shutdown();
  }

  /** Creates a future of this loop. */
  createFuture<T>(): Future<T> {
    return new Future(undefined, this);
  }

  /**
   * Starts a coroutine as a task. Its first step goes through the ready queue, unless `eagerStart`
   * is set.
   *
   * @throws TypeError if `coro` is not a coroutine. @throws RuntimeError if the loop is closed.
   * @throws InvalidStateError if `coro` is decorated, and was already awaited or made a task.
   */
  createTask<T>(coro: CoroutineLike<T>, options?: TaskOptions): Task<T> {
    return createTaskOn(this, checkCoroutine("coro", coro), options);
  }

  /**
   * Runs until `stop()` is called, as a guest of the host. The promise resolves after the turn in
   * which that happened. A stopped loop can run again. While the loop runs, it keeps a Node process
   * alive, unless `unref()` was called.
   *
   * Rejects with a RuntimeError if the loop is already running or is closed.
   */
  async runForever(): Promise<void> {
    this.#checkCanRun();
    await this.#start();
  }

  /**
   * Runs until `aw` is done. The promise settles with its outcome. A coroutine becomes a task.
   *
   * Rejects with a TypeError if `aw` is not awaitable; with a RuntimeError if the loop is already
   * running, is closed, or is stopped before `aw` is done, or if `aw` is a future of another loop.
   * On a clock that doesn't advance by itself, rejects with a DeadlockError when nothing is ready,
   * no timer is pending, and nothing outside the loop is awaited.
   */
  async runUntilComplete<T>(aw: AwaitableLike<T>): Promise<T> {
    checkAwaitable("aw", aw);
    this.#checkCanRun();
    const future = this.#stopAfter(aw);
    try {
      await this.#start(true);
    } finally {
      future.removeDoneCallback(this.#onDone);
    }
    const outcome = this.#outcome(future);
    // The promise would wait for that future, but the loop no longer runs.
    if (isFuture(outcome) && !outcome.done()) throw new RuntimeError(RETURNED_FUTURE);
    return outcome;
  }

  /**
   * Runs on the current stack until `stop()` is called. While nothing is ready, blocks the thread
   * until the next deadline, or until another thread has sent something. On a clock that doesn't
   * advance by itself, it never waits for a deadline.
   *
   * Meanwhile, nothing else happens on the thread: no promise settles, and no socket is served.
   * Node's message ports are served if the loop watches them and `mysyncio/node` is imported. The
   * run ends with a DeadlockError as soon as it awaits something that can't happen while the thread
   * is blocked, even if timers are pending.
   *
   * @throws RuntimeError if the loop is already running or is closed. On real time, also inside
   * another loop's callback, and where the thread can't be blocked, as on a page.
   * @throws DeadlockError when nothing is left that could call `stop()`.
   */
  runForeverSync(): void {
    this.#checkCanBlock();
    this._pump.runHere();
  }

  /** Like `runUntilComplete`, but blocks the thread: see `runForeverSync`. */
  runUntilCompleteSync<T>(aw: AwaitableLike<T>): T {
    checkAwaitable("aw", aw);
    this.#checkCanBlock();
    const future = this.#stopAfter(aw);
    try {
      this._pump.runHere();
    } finally {
      future.removeDoneCallback(this.#onDone);
    }
    return this.#outcome(future);
  }

  /**
   * Ends the run after the current turn. If the loop isn't running, ends its next run after the
   * first turn.
   */
  stop(): void {
    this._pump.stop();
  }

  /**
   * Closes the loop permanently. Whatever is still waiting never runs. An item, lock or permit that
   * was handed to a task in the last turn is given back, and exceptions that were never retrieved
   * are reported. Idempotent. `run` closes its loop itself, after it has ended all tasks.
   *
   * @throws RuntimeError if the loop is running.
   */
  close(): void {
    if (this._isClosed) return;
    if (this.isRunning()) throw new RuntimeError("The loop is running. Stop it before closing it");
    if (this.#debug) watchHolders(-1);
    if (this.#clock.advanceTo !== undefined) watchForDeadlocks(-1);
    // Before any report, because the exception handler may try to use the loop.
    this._isClosed = true;
    reportUnretrieved(this);
    if (this.#debug) unwatchUnawaited(this, true);
    // Give back what tasks were handed in the last turn, because they can't take it any more.
    if (this._slots.size > 0) {
      for (const task of this._slots) (task._inspect?.().on as Future<unknown>)?._giveBack?.();
    }
    this._release();
    if (awaited.loop === this) awaited.loop = undefined;
  }

  /**
   * Whether the loop runs: from the call of a `run...` method to the end of the turn that stopped
   * it.
   */
  isRunning(): boolean {
    return this._pump.started;
  }

  /** Whether `close()` was called. A closed loop accepts no callbacks, timers or tasks. */
  isClosed(): boolean {
    return this._isClosed;
  }

  /** Makes the running loop keep a Node process alive again. Has no effect elsewhere. */
  ref(): void {
    this._pump.setRef(true);
  }

  /** Allows a Node process to exit while the loop runs. Has no effect elsewhere. */
  unref(): void {
    this._pump.setRef(false);
  }

  /**
   * Turns debug mode on or off. In debug mode the loop measures every step, and reports those
   * longer than `slowCallbackDuration`. Tasks remember where they wait, which `getStack` shows, and
   * tasks that swallow a cancellation are reported with the location.
   *
   * Coroutines that are never awaited are reported too, with the location of the call. This happens
   * when they are collected, or at the latest when the loop closes. The check covers decorated
   * coroutines and the library's own, such as `sleep(100)` without `yield*`, but not plain
   * generator functions, because the library doesn't see their calls. A coroutine belongs to the
   * loop in whose turn it was created; outside any turn, to the loop that entered debug mode last.
   * Like asyncio's "coroutine was never awaited", which is a RuntimeWarning there.
   */
  setDebug(enabled: boolean): void {
    checkBoolean("enabled", enabled);
    if (enabled !== this.#debug && !this._isClosed) {
      watchHolders(enabled ? 1 : -1);
      if (enabled) watchUnawaited(this);
      else unwatchUnawaited(this, false);
    }
    this.#debug = enabled;
    this.#stopMeasuring?.();
    this.#stopMeasuring = enabled ? measureSteps(this, this.#slowCallbackDuration) : undefined;
  }

  /** Whether the loop is in debug mode. */
  getDebug(): boolean {
    return this.#debug;
  }

  /**
   * How many milliseconds a step may take before debug mode reports it to the exception handler. By
   * default 100. (Unlike asyncio, which writes to its log.)
   */
  get slowCallbackDuration(): number {
    return this.#slowCallbackDuration;
  }

  set slowCallbackDuration(duration: number) {
    checkTime("slowCallbackDuration", duration);
    this.#slowCallbackDuration = duration;
    this.setDebug(this.#debug);
  }

  /**
   * Calls the functions in `hooks` as the loop works. All of them are optional, and none may wait.
   * Returns a function that removes them. May be called at any time and any number of times; hooks
   * of several calls run in the order of the calls. Like Trio's instruments.
   *
   * Hooks see everything from this call on, except the current step and slice. If a hook throws,
   * its whole set is removed, and the exception handler gets the error once.
   *
   * @throws TypeError if a hook is not a function.
   * @example
   * const remove = loop.instrument({
   *   taskStarted: (task, parent) => console.log(`${parent?.getName()} started ${task.getName()}`),
   *   taskEnds: (task) => console.log(`${task.getName()} ended`),
   * });
   */
  instrument(hooks: LoopHooks): () => void {
    checkOptions(hooks);
    return instrument(this, hooks as HookSet);
  }

  /** Sets the handler of errors that no caller can catch; undefined or null for the default. */
  setExceptionHandler(handler: ExceptionHandler | undefined | null): void {
    if (handler !== undefined && handler !== null) checkFunction("handler", handler);
    this.#exceptionHandler = handler ?? undefined;
  }

  /** Returns the handler that was set; undefined for the default. */
  getExceptionHandler(): ExceptionHandler | undefined {
    return this.#exceptionHandler;
  }

  /** Writes to the console an error that no caller can catch. */
  defaultExceptionHandler(context: ExceptionContext): void {
    if ("exception" in context) console.error(context.message, context.exception);
    else console.error(context.message);
  }

  /**
   * Calls the exception handler with an error that no caller can catch. If the handler throws, that
   * error is reported too, and the loop continues.
   *
   * The handler runs in the context of the `task` or `handle` that the report names, where
   * `ContextVar`s have the values that the task saw. Like asyncio since Python 3.12.
   */
  callExceptionHandler(context: ExceptionContext): void {
    deliverReport(this as EventLoop, this.#exceptionHandler, context);
  }

  /** Sets the function that creates the loop's tasks; undefined or null for the default. */
  setTaskFactory(factory: TaskFactory | undefined | null): void {
    if (factory === undefined || factory === null) {
      this.#taskFactory = undefined;
      this._makeTask = undefined;
      return;
    }
    checkFunction("factory", factory);
    this.#taskFactory = factory;
    this._makeTask = (body, options) => {
      const task: unknown = factory(this, body, options);
      if (task instanceof Task) return task;
      throw new TypeError(`Expected the task factory to return a Task, got ${describe(task)}`);
    };
  }

  /** Returns the factory that was set; undefined for the default. */
  getTaskFactory(): TaskFactory | undefined {
    return this.#taskFactory;
  }

  readonly #onDone = (): void => this.stop();

  #start(detectDeadlock = false): Promise<void> {
    return new Promise((resolve, reject) => {
      this._pump.start((broken) => (broken ? reject(broken.error) : resolve()), detectDeadlock);
    });
  }

  /** Returns a future for `aw`. The loop stops when it is done. */
  #stopAfter<T>(aw: AwaitableLike<T>): Future<T> {
    const future = withoutFlow(() => ensureFutureOn(this, aw));
    future.addDoneCallback(this.#onDone);
    return future;
  }

  #outcome<T>(future: Future<T>): T {
    if (!future.done()) {
      throw new RuntimeError("The loop was stopped before the awaited future completed");
    }
    return future.result();
  }

  #watchedSources(): Sources {
    if (this._isClosed) throw loopClosed();
    this.#sources ??= platform.sources?.(this);
    const sources = this.#sources;
    if (sources === undefined) throw notIncluded("Watching sources");
    this._resources.add(sources);
    this._turns.poll ??= () => sources.poll();
    return sources;
  }

  #remotePort(): RemotePort {
    if (this._isClosed) throw loopClosed();
    const port = platform.remotePort?.(this);
    if (port === undefined) throw notIncluded("Calling other threads");
    return port;
  }

  #checkCanRun(): void {
    if (this._isClosed) throw loopClosed();
    if (this.isRunning()) throw new RuntimeError("The loop is already running");
  }

  #checkCanBlock(): void {
    this.#checkCanRun();
    if (this.#clock.advanceTo !== undefined) return;
    if (runningScheduler() !== undefined) {
      throw new RuntimeError("A loop on real time can't run in another's callback: use `run()`");
    }
    bellHere();
  }
}

/**
 * Counts loops whose clock doesn't advance by itself, because those detect and explain deadlocks.
 */
function watchForDeadlocks(difference: 1 | -1): void {
  watchHolders(difference);
  watchPromises(difference);
}

/** Creates an event loop. Like `asyncio.new_event_loop`. */
export function newEventLoop(options?: EventLoopOptions): EventLoop {
  return new EventLoop(options);
}

let current: EventLoop | undefined;

/**
 * Returns the running loop inside a callback or task; elsewhere the thread's default loop, which is
 * created on first use. Like `asyncio.get_event_loop` before Python 3.14.
 */
export function getEventLoop(): EventLoop {
  const running = runningScheduler();
  if (running !== undefined) return running as EventLoop;
  if (current === undefined || current.isClosed()) current = new EventLoop();
  return current;
}

/**
 * Sets the loop that `getEventLoop` returns outside callbacks and tasks; undefined or null for a
 * new one.
 */
export function setEventLoop(loop: EventLoop | undefined | null): void {
  if (loop !== undefined && loop !== null) checkLoop(loop);
  current = loop ?? undefined;
}

/**
 * Returns the loop whose callback or task is on the stack. Like `asyncio.get_running_loop`.
 *
 * @throws RuntimeError if there is none.
 */
export function getRunningLoop(): EventLoop {
  return currentScheduler("getRunningLoop()") as EventLoop;
}
