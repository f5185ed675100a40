// The public loop: a facade over the slots, the turns and the pump, which do the work.

import { type Core, type CoreKind, newCore, type Priority } from "./core/core.ts";
import {
  type Executor,
  newExecuting,
  type TaskArguments,
  type TaskResult,
  type ThreadTask,
} from "./executing.ts";
import {
  checkBoolean,
  checkChoice,
  checkFunction,
  checkOptions,
  checkTime,
  describe,
  wrongType,
} from "./loop/arguments.ts";
import { type Clock, monotonicClock } from "./loop/clock.ts";
import { bound, contexts, inheritedContext, reportIn } from "./loop/context.ts";
import { RuntimeError } from "./loop/errors.ts";
import {
  type ExposedFunctions,
  type Exposing,
  exposing,
  notIncluded,
  type RemoteTicket,
} from "./loop/exposing.ts";
import { type Callback, Handle, TimerHandle } from "./loop/handle.ts";
import { watchHolders } from "./loop/holders.ts";
import { asyncContextKeeper, flow } from "./loop/hosts/asyncContext.ts";
import { bellHere } from "./loop/hosts/blocking.ts";
import { platformHost } from "./loop/hosts/detect.ts";
import { checkSignal } from "./loop/hosts/interrupt.ts";
import { watchPromises } from "./loop/ownPromises.ts";
import { places } from "./loop/places.ts";
import { Pump } from "./loop/pump.ts";
import { newSources, type Sources } from "./loop/readiness.ts";
import {
  checkLoop,
  type ExceptionContext,
  type Resource,
  runningScheduler,
  type Scheduler,
  type Snapshot,
} from "./loop/scheduler.ts";
import { type Runnable, Slots } from "./loop/slots.ts";
import { Turns } from "./loop/turns.ts";
import { reportUnretrieved } from "./loop/unretrieved.ts";
import {
  type AwaitableLike,
  type CoroutineLike,
  checkAwaitable,
  checkCoroutine,
  createTaskOn,
  ensureFutureOn,
} from "./tasks/awaitable.ts";
import type { Coroutine } from "./tasks/coroutine.ts";
import { Future, isFuture } from "./tasks/future.ts";
import { Task, type TaskOptions } from "./tasks/task.ts";

/** What a loop is made with. */
export interface EventLoopOptions {
  /** Starts in debug mode. */
  readonly debug?: boolean | undefined;
  /** Where the time comes from, by default the host's monotonic clock. */
  readonly clock?: Clock | undefined;
  /** After how many milliseconds of ready work the host gets its turn, by default 5. */
  readonly slice?: number | undefined;
  /** Which core orders the callbacks: by default WebAssembly where the host allows it, else TypeScript. */
  readonly core?: CoreKind | undefined;
  /**
   * Runs each callback, and each step of a task, in the `AsyncLocalStorage` context in which it was made. Only needed for
   * stores that are set inside of tasks: `run` and `toAsync` keep the store of their caller without it. Makes each
   * callback and each task more expensive. What a step changes by `enterWith` does not outlast the step.
   */
  readonly asyncContext?: boolean | undefined;
}

/** Gets what nobody could catch. */
export type ExceptionHandler = (loop: EventLoop, context: ExceptionContext) => unknown;

/** Makes the tasks of a loop instead of `new Task(...)`. */
export type TaskFactory = <T>(loop: EventLoop, body: Coroutine<T>, options: TaskOptions) => Task<T>;

const CORE_KINDS: readonly CoreKind[] = ["wasm", "js"];
/** As `EVENT_READ` and `EVENT_WRITE`, which come with what watches. */
const READ = 1;
const WRITE = 2;
const RETURNED_FUTURE = "The outcome is a future that is not done. Did you mean `return yield*`?";
/** How long one turn may be before the host gets its own: two fit into a frame, with room for the page. */
const DEFAULT_SLICE = 5;

/**
 * An event loop: callbacks, timers and tasks, one at a time, in an order that can be told beforehand.
 * Like `asyncio.AbstractEventLoop`. Made by `newEventLoop()`.
 *
 * One turn runs exactly what is ready when it begins: first what was ready, in the order in which it became so, then
 * the timers that are due, by deadline and then by order of arrival. What gets ready meanwhile waits for the next turn.
 *
 * The loop is a guest of its host: after every slice of ready work the host has a turn of its own.
 */
export class EventLoop implements Scheduler {
  /** @internal */
  readonly _core: Core;
  /** @internal */
  readonly _slots: Slots;
  /** @internal */
  _external = 0;
  /** Whether somebody runs it piece by piece, who also runs what is added in between. @internal */
  _isDriven = false;
  /** @internal */
  readonly _resources = new Set<Resource>();
  /** @internal */
  _makeTask: ((body: never, options: object) => object) | undefined = undefined;
  /** @internal */
  readonly _snapshot: (() => Snapshot) | undefined;
  readonly #clock: Clock;
  readonly #turns: Turns;
  readonly #pump: Pump;
  #sources: Sources | undefined;
  #taskFactory: TaskFactory | undefined;
  #exceptionHandler: ExceptionHandler | undefined;
  #debug = false;
  #slowCallbackDuration = 100;
  #closed = false;

  constructor(options: EventLoopOptions = {}) {
    checkOptions(options);
    const {
      slice = DEFAULT_SLICE,
      clock = monotonicClock,
      debug = false,
      asyncContext = false,
    } = options;
    checkBoolean("debug", debug);
    checkBoolean("asyncContext", asyncContext);
    checkTime("slice", slice);
    if (typeof clock?.now !== "function") {
      throw wrongType("clock", "a Clock", clock);
    }
    if (options.core !== undefined) checkChoice("core", options.core, CORE_KINDS);
    this.#clock = clock;
    this._snapshot = asyncContext ? asyncContextKeeper() : undefined;
    this._core = newCore(options.core);
    this._slots = new Slots(this._core);
    this.#turns = new Turns(this._slots, clock, slice, {
      onError: (runnable, exception) => this.#report(runnable, "An exception", { exception }),
      onSlow: (runnable, duration) => this.#report(runnable, `${duration.toFixed(1)} ms`, {}),
    });
    this.#pump = new Pump(this, this.#turns, clock, platformHost);
    if (clock.advanceTo !== undefined) this.#watchAsLeaping(1);
    this.setDebug(debug);
  }

  /** Which core orders the callbacks: `"wasm"`, or `"js"` where a Content-Security-Policy forbids WebAssembly. */
  get core(): CoreKind {
    return this._core.kind;
  }

  /** The loop's clock: milliseconds since an arbitrary start, never going back. */
  time(): number {
    return this.#clock.now();
  }

  /**
   * Calls `callback(...args)` in the next turn. Callbacks run in the order in which they were added, each exactly once.
   *
   * @throws TypeError if `callback` is not a function. @throws RuntimeError if the loop is closed.
   */
  callSoon<Args extends unknown[]>(callback: Callback<Args>, ...args: Args): Handle {
    checkFunction("callback", callback);
    return this._callSoon(this.#inContext(callback), args);
  }

  /**
   * `callSoon` for who is not in a callback of this loop: an event handler of the host, or a callback of another loop.
   * A loop that sleeps wakes up. It is the same thing here. (Unlike asyncio: JavaScript's threads share no functions. What
   * another thread is to call, it calls by name: see `expose`.)
   *
   * @throws TypeError if `callback` is not a function. @throws RuntimeError if the loop is closed.
   */
  callSoonThreadsafe<Args extends unknown[]>(callback: Callback<Args>, ...args: Args): Handle {
    return this.callSoon(callback, ...args);
  }

  /**
   * Lets other threads call these functions by their names: coroutine functions, which run as tasks of this loop, and
   * others. What was exposed before stays. Needs `mysyncio/node` or `mysyncio/browser`.
   *
   * A call and its answer are structured clones: see `connectRemote`. The functions trust whoever has the ticket. A loop
   * that exposes something and runs dry waits for calls.
   *
   * @throws TypeError if one is not a function. @throws RuntimeError if the loop is closed.
   */
  expose(functions: ExposedFunctions): void {
    this.#exposing().expose(functions);
  }

  /**
   * A ticket for other threads, who may then call what the loop exposes. It can be copied, and sent by any means: as
   * `workerData`, in a message, in several.
   *
   * @throws RuntimeError if the loop is closed.
   */
  remote(): RemoteTicket {
    return this.#exposing().ticket;
  }

  /**
   * Calls `callback(...args)` after `delay` milliseconds, never earlier. A negative delay is 0, Infinity is never.
   *
   * Timers run by deadline, and by order of arrival where deadlines are equal. A delay of 0 comes after every callback
   * that is ready when its turn begins. (Unlike asyncio, whose equal timers run in the order of a heap.)
   *
   * @throws TypeError, RangeError if `delay` is not a number. @throws RuntimeError if the loop is closed.
   */
  callLater<Args extends unknown[]>(
    delay: number,
    callback: Callback<Args>,
    ...args: Args
  ): TimerHandle {
    checkTime("delay", delay);
    checkFunction("callback", callback);
    return this.#addTimer(this.#clock.now() + Math.max(delay, 0), callback, args);
  }

  /**
   * Calls `callback(...args)` when `loop.time()` has reached `when`, as `callLater` does.
   *
   * @throws TypeError, RangeError if `when` is not a number. @throws RuntimeError if the loop is closed.
   */
  callAt<Args extends unknown[]>(
    when: number,
    callback: Callback<Args>,
    ...args: Args
  ): TimerHandle {
    checkTime("when", when);
    checkFunction("callback", callback);
    return this.#addTimer(when, callback, args);
  }

  /**
   * Calls `callback(...args)` in each turn in which `source` is ready to be read from: a socket, a server, a stream, a
   * message port, or a `Pollable` of your own. Takes the place of an earlier reader of the source. While anything is
   * watched, a loop that runs dry waits for it.
   *
   * @throws TypeError if `callback` is not a function, or `source` nothing that can be watched.
   * @throws RuntimeError if the loop is closed, or nothing that watches was imported: see `selector`.
   */
  addReader<Args extends unknown[]>(
    source: unknown,
    callback: Callback<Args>,
    ...args: Args
  ): void {
    checkFunction("callback", callback);
    this.#watch().add(source, READ, callback, args);
  }

  /** Ends what `addReader` began, also for a source that is ready already. Returns whether there was a reader. */
  removeReader(source: unknown): boolean {
    return this.#sources?.remove(source, READ) ?? false;
  }

  /** The same as `addReader`, for a source that is ready to be written to. */
  addWriter<Args extends unknown[]>(
    source: unknown,
    callback: Callback<Args>,
    ...args: Args
  ): void {
    checkFunction("callback", callback);
    this.#watch().add(source, WRITE, callback, args);
  }

  /** Ends what `addWriter` began, also for a source that is ready already. Returns whether there was a writer. */
  removeWriter(source: unknown): boolean {
    return this.#sources?.remove(source, WRITE) ?? false;
  }

  /**
   * The `Selector` that tells which sources are ready; the loop asks it once in each turn.
   *
   * @throws RuntimeError if the loop is closed, or neither `mysyncio/node` nor `mysyncio/browser` was imported.
   */
  get selector(): object {
    return this.#watch().selector;
  }

  /**
   * Calls `callback(...args)` in the next turn after the process got a signal, in place of an earlier handler of this
   * loop for that signal. Node only, with `mysyncio/node` imported.
   *
   * A signal with a handler does not end the process any more. It keeps neither the loop running nor the process alive.
   * Closing the loop takes its handlers away.
   *
   * @param signal its name, such as `"SIGTERM"`.
   * @throws TypeError if `signal` is no signal or `callback` no function.
   * @throws RuntimeError if the signal cannot be caught, as SIGKILL and SIGSTOP; if the loop is closed; where there are no
   * signals; and in a worker, because the process tells signals to its main thread only. Like asyncio.
   */
  addSignalHandler<Args extends unknown[]>(
    signal: string,
    callback: Callback<Args>,
    ...args: Args
  ): void {
    checkFunction("callback", callback);
    const sources = this.#watch();
    if (sources.addSignal === undefined) throw new RuntimeError("There are no signals here");
    sources.addSignal(signal, callback, args);
  }

  /**
   * Ends what `addSignalHandler` began. Returns whether there was a handler.
   *
   * @throws TypeError if `signal` is no signal.
   */
  removeSignalHandler(signal: string): boolean {
    checkSignal(signal);
    return this.#sources?.removeSignal?.(signal) ?? false;
  }

  /**
   * Calls a function in another thread; the future is done when the call has ended. The function is one that `defineTask`
   * made, or `{ url, name }` of an export. Like `asyncio`'s `loop.run_in_executor`. Needs `mysyncio/node` or
   * `mysyncio/browser`.
   *
   * Cancelling the future cancels the call, and the future waits for its end: see `ThreadExecutor`.
   *
   * @param executor who does it; null for the default executor, which is made on first use and ends with the loop.
   * @throws TypeError if `executor` is none, or `task` is none. @throws RuntimeError if the loop is closed, or the executor
   * was shut down. @throws DataCloneError if an argument cannot be cloned, unless the future fails with it.
   */
  runInExecutor<F extends ThreadTask>(
    executor: Executor | null,
    task: F,
    ...args: TaskArguments<F>
  ): Future<TaskResult<F>> {
    return newExecuting(this).run(executor, task, args) as Future<TaskResult<F>>;
  }

  /**
   * Says who runs what no other executor is named for. It ends with the loop.
   *
   * @throws TypeError if `executor` is none. @throws RuntimeError if the loop is closed.
   */
  setDefaultExecutor(executor: Executor): void {
    if (this.#closed) throw closed();
    newExecuting(this).setDefault(executor);
  }

  /** Waits until the calls of the default executor have ended, and ends its threads. It takes no more. */
  shutdownDefaultExecutor(): Coroutine<void> {
    return newExecuting(this).shutdown();
  }

  /** Makes a future that this loop serves. */
  createFuture<T>(): Future<T> {
    return new Future(undefined, this);
  }

  /**
   * Starts a coroutine as a task. Its first step comes through the ready queue, unless `eagerStart` is set.
   *
   * @throws TypeError if `coro` is not a coroutine. @throws RuntimeError if the loop is closed.
   * @throws InvalidStateError if `coro` is decorated, and was awaited or made a task before.
   */
  createTask<T>(coro: CoroutineLike<T>, options?: TaskOptions): Task<T> {
    return createTaskOn(this, checkCoroutine("coro", coro), options);
  }

  /**
   * Runs until `stop()` is called, as a guest of the host: the promise resolves after the turn in which that happened.
   * A loop that stopped can run again. While it runs it keeps a Node process alive, unless `unref()` was called.
   *
   * Rejected with a RuntimeError if the loop runs already or is closed.
   */
  async runForever(): Promise<void> {
    this.#checkCanRun();
    await this.#start();
  }

  /**
   * Runs until `aw` is done; the promise settles as it did. A coroutine becomes a task.
   *
   * Rejected with a RuntimeError if the loop is stopped before, if it runs already or is closed, or if `aw` is a future
   * of another loop; with a TypeError if `aw` is not awaitable. On a clock that does not pass by itself, with a DeadlockError
   * when nothing is ready, no timer is pending and nothing outside of the loop is awaited.
   */
  async runUntilComplete<T>(aw: AwaitableLike<T>): Promise<T> {
    const future = this.#ready(aw);
    future.addDoneCallback(this.#onDone);
    try {
      await this.#start(true);
    } finally {
      future.removeDoneCallback(this.#onDone);
    }
    const outcome = this.#outcome(future);
    // The promise would wait for it, and nobody runs the loop any more.
    if (isFuture(outcome) && !outcome.done()) throw new RuntimeError(RETURNED_FUTURE);
    return outcome;
  }

  /**
   * Runs on this very stack until `stop()` is called. The thread is blocked until the next deadline, or until another
   * thread has sent something; on a clock that does not pass by itself it never waits for a deadline.
   *
   * Nothing else happens on the thread meanwhile: no promise settles, no socket is served. Node's message ports are, if
   * the loop watches them and `mysyncio/node` is imported. As soon as nothing is left to do but to wait for something
   * that cannot happen, the run ends with a DeadlockError, even if timers are pending.
   *
   * @throws RuntimeError if the loop runs already or is closed. On real time, also where the thread cannot be blocked, as
   * a page's cannot, and inside another loop's callback. @throws DeadlockError when nothing is left that could call `stop()`.
   */
  runForeverSync(): void {
    this.#checkCanBlock();
    this.#pump.runHere();
  }

  /** `runUntilComplete`, blocking the thread: see `runForeverSync`. */
  runUntilCompleteSync<T>(aw: AwaitableLike<T>): T {
    checkAwaitable("aw", aw);
    this.#checkCanBlock();
    const future = ensureFutureOn(this, aw);
    future.addDoneCallback(this.#onDone);
    try {
      this.#pump.runHere();
    } finally {
      future.removeDoneCallback(this.#onDone);
    }
    return this.#outcome(future);
  }

  /** Ends the run after the current turn, or at the next one if the loop does not run. */
  stop(): void {
    this.#pump.stop();
  }

  /**
   * Closes the loop for good: what still waits never runs, and exceptions that nobody retrieved are reported.
   * Closing twice does nothing. `run` closes its loop, and ends its tasks before.
   *
   * @throws RuntimeError if the loop is running.
   */
  close(): void {
    if (this.#closed) return;
    if (this.isRunning()) throw new RuntimeError("The loop is running. Stop it before closing it");
    if (this.#debug) {
      places.watchers--;
      watchHolders(-1);
    }
    if (this.#clock.advanceTo !== undefined) this.#watchAsLeaping(-1);
    // Before the handler hears anything: it may want to use the loop.
    this.#closed = true;
    reportUnretrieved(this);
    for (const resource of this._resources) resource.close();
    this._resources.clear();
    this.#pump.close();
    this.#turns.clear();
    this._slots.close();
  }

  /** Whether it runs: from the call of a `run...` method until the end of the turn that stopped it. */
  isRunning(): boolean {
    return this.#pump.started;
  }

  /** Whether `close()` was called. A closed loop takes nothing more. */
  isClosed(): boolean {
    return this.#closed;
  }

  /** Lets the running loop keep a Node process alive again. Elsewhere it means nothing. */
  ref(): void {
    this.#pump.setRef(true);
  }

  /** Lets a Node process end while the loop runs. Elsewhere it means nothing. */
  unref(): void {
    this.#pump.setRef(false);
  }

  /**
   * In debug mode the loop measures every step, and reports those longer than `slowCallbackDuration`; tasks remember
   * where they wait, which `getStack` then tells, and those that swallow a cancel are reported with the place.
   */
  setDebug(enabled: boolean): void {
    checkBoolean("enabled", enabled);
    if (enabled !== this.#debug && !this.#closed) {
      const difference = enabled ? 1 : -1;
      places.watchers += difference;
      watchHolders(difference);
    }
    this.#debug = enabled;
    this.#turns.slowerThan = enabled ? this.#slowCallbackDuration : Infinity;
  }

  /** Whether it is in debug mode. */
  getDebug(): boolean {
    return this.#debug;
  }

  /**
   * How many milliseconds a step may take before debug mode reports it to the exception handler, by default 100.
   * (Unlike asyncio, which writes to its log.)
   */
  get slowCallbackDuration(): number {
    return this.#slowCallbackDuration;
  }

  set slowCallbackDuration(duration: number) {
    checkTime("slowCallbackDuration", duration);
    this.#slowCallbackDuration = duration;
    this.setDebug(this.#debug);
  }

  /** Says who gets what nobody could catch; undefined or null for the default. */
  setExceptionHandler(handler: ExceptionHandler | undefined | null): void {
    if (handler !== undefined && handler !== null) checkFunction("handler", handler);
    this.#exceptionHandler = handler ?? undefined;
  }

  /** The handler that was set; undefined for the default. */
  getExceptionHandler(): ExceptionHandler | undefined {
    return this.#exceptionHandler;
  }

  /** Writes to the console what nobody could catch. */
  defaultExceptionHandler(context: ExceptionContext): void {
    if ("exception" in context) console.error(context.message, context.exception);
    else console.error(context.message);
  }

  /**
   * Reports what nobody could catch. A handler that throws is reported too, and does not stop the loop.
   *
   * The handler runs in the context of the `task` or `handle` that the report names, where `ContextVar`s have the values
   * that the task saw. Like asyncio since Python 3.12.
   */
  callExceptionHandler(context: ExceptionContext): void {
    const owner = context.task ?? context.handle;
    if (owner === undefined || owner === null) this.#callHandler(context);
    else reportIn(owner as object, () => this.#callHandler(context));
  }

  #callHandler(context: ExceptionContext): void {
    const handler = this.#exceptionHandler;
    try {
      if (handler === undefined) return this.defaultExceptionHandler(context);
      try {
        handler(this, context);
      } catch (exception) {
        this.defaultExceptionHandler(context);
        this.defaultExceptionHandler({ message: "The exception handler itself threw", exception });
      }
    } catch {
      // The console itself is broken: nobody is left to tell, and the loop has to go on.
    }
  }

  /** Says who makes the tasks; undefined or null for the default. */
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

  /** The factory that was set; undefined for the default. */
  getTaskFactory(): TaskFactory | undefined {
    return this.#taskFactory;
  }

  /** @internal */
  _callSoon(callback: Callback<never>, args: readonly unknown[]): Handle {
    const handle = new Handle(this._slots, callback, args);
    handle._id = this._startNow(handle);
    return handle;
  }

  /** @internal */
  _startNow(runnable: Runnable): number {
    if (this.#closed) throw closed();
    const id = this._slots.add(runnable);
    this._ready(id);
    return id;
  }

  /** @internal */
  _startTimer(runnable: Runnable, when: number): number {
    if (this.#closed) throw closed();
    const id = this._slots.add(runnable);
    this._core.addTimer(id, when);
    // The host sleeps until what was the earliest deadline.
    if (this.#pump.asleep) this.#pump.wake();
    return id;
  }

  /** @internal */
  _ready(id: number): void {
    if (this.#closed) return; // a task of a closed loop never runs again
    this._core.push(id);
    if (this.#pump.asleep) this.#pump.wake();
  }

  /** @internal */
  _readyAt(id: number, priority: Priority): void {
    if (this.#closed) return;
    this._core.schedule(id, priority);
    if (this.#pump.asleep) this.#pump.wake();
  }

  /** @internal */
  _wake(): void {
    if (this.#pump.asleep) this.#pump.wake();
  }

  /** @internal */
  _hold(): boolean {
    return this.#pump.hold();
  }

  /** @internal */
  _runNow(): void {
    this.#pump.runNow();
  }

  /** `callback` with the contexts of now, if there are any. */
  #inContext<Args extends unknown[]>(callback: Callback<Args>): Callback<Args> {
    return contexts.inUse || this._snapshot !== undefined || flow.within !== undefined
      ? bound(this, callback, inheritedContext())
      : callback;
  }

  /** Called each time before the loop falls asleep. May stop it. @internal */
  set _onSleep(callback: (() => void) | undefined) {
    this.#pump.onSleep = callback;
  }

  /** @internal */
  _runInTask(): void {
    this.#pump.runInTask();
  }

  #addTimer<Args extends unknown[]>(
    when: number,
    callback: Callback<Args>,
    args: Args,
  ): TimerHandle {
    if (this.#closed) throw closed();
    const timer = new TimerHandle(this._slots, this.#inContext(callback), args, when);
    timer._id = this._startTimer(timer, when);
    return timer;
  }

  /** What only matters on a clock that leaps. */
  #watchAsLeaping(difference: 1 | -1): void {
    watchHolders(difference);
    watchPromises(difference);
  }

  readonly #onDone = (): void => this.stop();

  #start(endsDry = false): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#pump.start((broken) => (broken ? reject(broken.error) : resolve()), endsDry);
    });
  }

  #watch(): Sources {
    if (this.#closed) throw closed();
    this.#sources ??= newSources(this);
    const sources = this.#sources;
    if (sources === undefined) {
      throw notIncluded("What watches sources");
    }
    this._resources.add(sources);
    this.#turns.poll ??= () => sources.poll();
    return sources;
  }

  #exposing(): Exposing {
    if (this.#closed) throw closed();
    return exposing(this);
  }

  /** The future to run for. */
  #ready<T>(aw: AwaitableLike<T>): Future<T> {
    checkAwaitable("aw", aw);
    this.#checkCanRun();
    return ensureFutureOn(this, aw);
  }

  #outcome<T>(future: Future<T>): T {
    if (!future.done()) {
      throw new RuntimeError("The loop was stopped before what it ran for was done");
    }
    return future.result();
  }

  #checkCanRun(): void {
    if (this.#closed) throw closed();
    if (this.isRunning()) throw new RuntimeError("The loop is running already");
  }

  #checkCanBlock(): void {
    this.#checkCanRun();
    if (this.#clock.advanceTo !== undefined) return;
    if (runningScheduler() !== undefined) {
      throw new RuntimeError("A loop on real time must not block another's callback: use `run()`");
    }
    bellHere();
  }

  #report(runnable: Runnable, what: string, context: { exception?: unknown }): void {
    const isHandle = runnable instanceof Handle;
    const where = isHandle ? "callback " : runnable instanceof Task ? "a step of " : "";
    const by = { [isHandle ? "handle" : "task"]: runnable._task ?? runnable };
    this.callExceptionHandler({
      message: `${what} in ${where}${runnable._describe()}`,
      ...context,
      ...by,
    });
  }
}

/** Makes an event loop. Like `asyncio.new_event_loop`. */
export function newEventLoop(options?: EventLoopOptions): EventLoop {
  return new EventLoop(options);
}

let current: EventLoop | undefined;

/**
 * The running loop inside a callback or task; elsewhere the thread's default loop, which is made on first use.
 * Like `asyncio.get_event_loop` before 3.14.
 */
export function getEventLoop(): EventLoop {
  const running = runningScheduler();
  if (running !== undefined) return running as EventLoop;
  if (current === undefined || current.isClosed()) current = new EventLoop();
  return current;
}

/** Says which loop `getEventLoop` gives outside of callbacks and tasks; undefined or null for a new one. */
export function setEventLoop(loop: EventLoop | undefined | null): void {
  if (loop !== undefined && loop !== null) checkLoop(loop);
  current = loop ?? undefined;
}

/** The loop whose callback or task is on the stack. Like `asyncio.get_running_loop`. @throws RuntimeError if there is none */
export function getRunningLoop(): EventLoop {
  const running = runningScheduler();
  if (running === undefined) throw new RuntimeError("No event loop is running here");
  return running as EventLoop;
}

function closed(): RuntimeError {
  return new RuntimeError("The loop is closed");
}
