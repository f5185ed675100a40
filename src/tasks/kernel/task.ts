// A task: a future that drives a coroutine.
//
// Exactly one of these holds while the task is neither done nor running:
//
//   T1  #waitingFor is undefined, and the task's slot is in the ready queue
//   T2  #waitingFor is a pending future, the slot is idle, and the task is among
//       the future's waiters
//   T3  #waitingFor is a done future, and the slot is in the ready queue
//
// `_run` moves T1, T3 -> T1, T2 or done; the future moves T2 -> T3. `_endCancel` moves
// T2 -> T1 if the wait leads back to the task. Nothing else may touch the field or the
// slot. A cancellation in T2 goes to the future. In T1 and T3 it is kept for the next
// step.
//
// The body may be a chain of decorated calls, drawn in call.ts. #innermost is the
// innermost call, whose generator a step resumes. It is undefined while steps resume the
// body itself, which is then a plain generator.
//
// This file has over 300 lines, because all methods share these invariants and the state of a step.
// The parts off the hot path are in taskExtras.ts, taskStack.ts and taskErrors.ts.

import {
  checkBoolean,
  checkChoice,
  checkCount,
  checkOptions,
  checkString,
} from "../../lang/arguments.ts";
import { type AwaitLocation, locations } from "../../lang/locations.ts";
import { isCancellation } from "../../lang/thrown.ts";
import { Context, checkContext } from "../../loop/context.ts";
import { runningScheduler } from "../../loop/current.ts";
import { holders } from "../../loop/holders.ts";
import { emit, noteWake, stepWithHooks } from "../../loop/hooks.ts";
import { enterFlow } from "../../loop/hosts/flow.ts";
import { keepInstances } from "../../loop/kept.ts";
import { inheritedContext, inheritedFlow, setRunnableContext } from "../../loop/runnableContext.ts";
import type { Scheduler } from "../../loop/scheduler.ts";
import type { Inspected, Runnable } from "../../loop/slots.ts";
import { traceFailure } from "./awaitChain.ts";
import {
  adoptChain,
  awaitedBefore,
  Call,
  CoroutineObject,
  chain,
  deliverOutcome,
  shouldAdopt,
  Thrown,
} from "./call.ts";
import { type CancelOutcome, type Passing, passOnCancellation } from "./cancelling.ts";
import type { Coroutine } from "./coroutine.ts";
import { awaited, Future, PENDING, SETS_FIELDS, type Waiter } from "./future.ts";
import {
  type AnyGenerator,
  native,
  newEmptyGenerator,
  type Result,
  resume,
  resumeWithError,
} from "./generators.ts";
import {
  bodyError,
  LONG_CLEANUP,
  outcomeIsSet,
  reportSwallowed,
  yieldError,
} from "./taskErrors.ts";
import { TaskExtras, taskCancelled } from "./taskExtras.ts";
import { DEFAULT_PRIORITY, PRIORITIES, type TaskOptions, USER_VISIBLE } from "./taskOptions.ts";
import { formatStack, stackOf, type TaskFrame } from "./taskStack.ts";

/** Means that a step has nothing to throw. Not `undefined`, because code may throw `undefined`. */
const NO_ERROR = Symbol("no error");
/** Means that a step of a task with extras begins, and may have to throw a cancellation. */
const BEGINS = Symbol("begins");

/** The state of a task, for debuggers. */
interface InspectedTask extends Inspected {
  readonly on: Future<unknown> | undefined;
  /** In debug mode: where the task waits. */
  readonly at: AwaitLocation | undefined;
  readonly body: AnyGenerator | Call;
  /** The innermost call; undefined while steps resume the body itself, a plain generator. */
  readonly innermost: Call | undefined;
}

let created = 0;
const DEFAULTS: TaskOptions = {};

/**
 * Runs a coroutine on a loop, and is the future of the coroutine's result. `createTask` creates a
 * task. Like `asyncio.Task`.
 *
 * By default, the first step runs in the next turn. The loop keeps a reference to the task until it
 * is done.
 */
export class Task<T> extends Future<T> implements Runnable, Waiter, Passing {
  static override readonly _kept = /* @__PURE__ */ keepInstances(taskToKeep);

  readonly #id: number;
  readonly #body: AnyGenerator | Call;
  #innermost: Call | undefined;
  #waitingFor: Future<unknown> | undefined;
  #extras: TaskExtras | undefined;
  #name: string | number;

  /** @internal */
  constructor(loop: Scheduler, body: Coroutine<T>, options: TaskOptions = DEFAULTS) {
    super(SETS_FIELDS);
    this._loop = loop;
    this._state = PENDING;
    this._outcome = undefined;
    this._waiting = undefined;
    const { name, context, eagerStart, priority = USER_VISIBLE } = options;
    if (name !== undefined) checkString("name", name);
    if (priority !== USER_VISIBLE) {
      checkChoice("priority", priority, Object.keys(PRIORITIES));
      this._extras().priority = PRIORITIES[priority];
    }
    if (context !== undefined) checkContext(context);
    if (eagerStart !== undefined) checkBoolean("eagerStart", eagerStart);
    this.#name = name ?? ++created;
    const object: object = body;
    if (object instanceof CoroutineObject) this.#body = this.#innermost = object._begin();
    else {
      this.#body = native(body);
      if (holders.checkers > 0) claimOnce(body);
    }
    const inherited = context ?? inheritedContext();
    if (inherited !== undefined) this._extras().context = inherited;
    const flow = inheritedFlow(loop);
    if (flow !== undefined) this._extras().flow = flow;
    this.#id = loop._slots.addTask(this);
    const { hooks, current } = loop._slots;
    if (hooks !== undefined) emit(hooks, "taskStarted", this, current?._inspect && current);
    if (eagerStart && runningScheduler() === loop) this._runNow();
    else this._schedule();
  }

  /**
   * Asks the task to end, by throwing a `CancelledError` where it waits. Returns false and does
   * nothing if the task is done.
   *
   * The future that the task waits for is cancelled too. A task that is ready gets the error in its
   * next step, and one that has not started never runs its body. The task may clean up, wait while
   * it does, and even continue. Several calls before the error is delivered throw only one error,
   * but each of them counts in `cancelling()`.
   *
   * @param message the error's message. The last of several calls before the error is delivered
   * decides it. In asyncio, the first call decides it if that call cancelled the awaited future.
   */
  override cancel(message?: string): boolean {
    if (this.done()) return false;
    const waitingFor = this.#waitingFor;
    if (waitingFor?._passesTo !== undefined && !waitingFor.done()) {
      return passOnCancellation(this, [waitingFor], message);
    }
    this._beginCancel(message);
    const isPassedOn = waitingFor?.cancel(message) ?? false;
    return this._endCancel({ before: undefined, isPassedOn, comesBack: false }, message);
  }

  /**
   * Cancels the task because a timer fired. Code that runs during the cancellation has the same
   * contexts as a callback of the task: a copy of the task's context, and the task's flow.
   */
  _expire(message: string): void {
    const extras = this.#extras;
    if (extras?.context !== undefined) setRunnableContext(extras.context.copy());
    if (extras?.flow === undefined) this.cancel(message);
    else enterFlow(extras.flow, this.cancel, this, message);
  }

  /**
   * Returns the future that the task waits for, if that future passes cancellations on too. Returns
   * undefined if the task doesn't wait, if the future simply ends when it is cancelled, or if a
   * subclass of `Task` overrides `cancel`.
   */
  override _passesTo(): readonly Future<unknown>[] | undefined {
    const waitingFor = this.#waitingFor;
    if (waitingFor?._passesTo === undefined || waitingFor.done()) return undefined;
    return this.cancel === Task.prototype.cancel ? [waitingFor] : undefined;
  }

  get _canStop(): boolean {
    return true;
  }

  _beginCancel(_message: string | undefined): void {
    const extras = this._extras();
    extras.cancelRequests++;
    if (locations.watchers > 0) extras.cancelled ??= { at: extras.waitsAt, steps: 0 };
  }

  _endCancel({ isPassedOn, comesBack }: CancelOutcome, message: string | undefined): boolean {
    const extras = this._extras();
    const waitingFor = this.#waitingFor;
    const stops = comesBack && waitingFor?.done() === false;
    if (stops) {
      // The task's wait leads back to the task itself, so it would never end.
      waitingFor._removeWaiter(this);
      this.#waitingFor = undefined;
      this._notify();
    }
    if (stops || !isPassedOn) extras.undelivered = taskCancelled(message);
    extras.abort(this._loop, message);
    return true;
  }

  /** Returns the number of `cancel()` calls that `uncancel()` has not taken back. */
  cancelling(): number {
    return this.#extras?.cancelRequests ?? 0;
  }

  /**
   * Returns how many of the `cancel()` calls that `cancelling()` counts have been delivered. If
   * several are undelivered, all of them but one count as delivered, because they throw one error.
   */
  _deliveredCancels(): number {
    const extras = this.#extras;
    if (extras === undefined) return 0;
    return extras.undelivered === undefined ? extras.cancelRequests : extras.cancelRequests - 1;
  }

  /**
   * Takes back one `cancel()` call, and returns how many are left. Call this after swallowing the
   * error of your own `cancel()`. When none is left, the cancellation is withdrawn, unless it was
   * already delivered or passed on to an awaited future.
   */
  uncancel(): number {
    return this.#extras?.uncancel() ?? 0;
  }

  /**
   * A signal that aborts inside `cancel()`, with the `CancelledError` as its reason, even if the
   * task then swallows the error. Pass it to functions that take an `AbortSignal`. Once
   * `uncancel()` has taken back all cancellations, as a timeout does, this is a new signal.
   */
  get signal(): AbortSignal {
    return this._extras().signal;
  }

  /**
   * Returns the task's name. By default `Task-N`, where N counts the tasks of all loops that were
   * created without a name.
   */
  getName(): string {
    return typeof this.#name === "number" ? `Task-${this.#name}` : this.#name;
  }

  /** Changes the task's name. @throws TypeError if `name` is not a string */
  setName(name: string): void {
    checkString("name", name);
    this.#name = name;
  }

  /** Returns the coroutine that the task runs. */
  getCoro(): Coroutine<T> {
    const body = this.#body;
    return (body instanceof Call ? body._coro : body) as Coroutine<T>;
  }

  /** Returns the context that the task runs in. */
  getContext(): Context {
    this._context ??= new Context();
    return this._context;
  }

  /**
   * Returns the functions that the task is waiting in, innermost last, or an empty array once the
   * task is done. Outside debug mode, only decorated functions have names here. In debug mode, each
   * frame has the location of its `yield*`. Like `asyncio.Task.get_stack`.
   *
   * @param options.limit how many frames to return, counted from the innermost. By default all.
   * @throws TypeError, RangeError if `limit` is not a count.
   */
  getStack(options: { readonly limit?: number | undefined } = {}): TaskFrame[] {
    checkOptions(options);
    if (this.done()) return [];
    const { limit = Infinity } = options;
    checkCount("limit", limit);
    return stackOf(this.#body, this.#innermost, this.#extras?.waitsAt, limit);
  }

  /** Writes `getStack()` to the console. Like `asyncio.Task.print_stack`. */
  printStack(options?: { readonly limit?: number | undefined }): void {
    console.error(formatStack(this._describe(), this.getStack(options)));
  }

  /** Returns the task's state, for debugging. */
  _inspect(): InspectedTask {
    return {
      on: this.#waitingFor,
      at: this.#extras?.waitsAt,
      body: this.#body,
      innermost: this.#innermost,
    };
  }

  get _context(): Context | undefined {
    return this.#extras?.context;
  }

  set _context(context: Context | undefined) {
    this._extras().context = context;
  }

  /**
   * Not available, because a task gets its outcome from its coroutine.
   *
   * @throws RuntimeError always
   */
  override setResult(): never {
    throw outcomeIsSet();
  }

  /**
   * Not available, because a task gets its outcome from its coroutine.
   *
   * @throws RuntimeError always
   */
  override setException(): never {
    throw outcomeIsSet();
  }

  override _describe(): string {
    return `Task ${JSON.stringify(this.getName())}`;
  }

  /** Called when the future that the task waits for is done, or when the task stops waiting. */
  _notify(): void {
    const { hooks } = this._loop._slots;
    if (hooks !== undefined) noteWake(hooks, this, this._loop._slots.current);
    this._schedule();
  }

  /**
   * Takes a step: runs the coroutine until it waits, yields or ends. Returns true if it yields; the
   * caller must then schedule the task. A task with extras schedules itself, and returns false.
   */
  _run(): boolean {
    const frame = this.#innermost;
    if (this.#extras !== undefined) return this._proceed(frame, undefined, BEGINS);
    this.#waitingFor = undefined;
    let step: Result;
    try {
      step = resume(this._toResume(frame));
    } catch (error) {
      if (!this._isBody(frame)) {
        return this._proceed(deliverOutcome(frame, new Thrown(error)), undefined, NO_ERROR);
      }
      this._endWithError(error);
      return false;
    }
    // Most steps end here. Calls that end, adopted chains and mistakes are handled in another
    // function, because handling them here would slow down every step.
    if (!step.done && !(step === chain.result && shouldAdopt())) {
      if (step.value === undefined) return true;
      if (this._waitOn(step.value)) return false;
    }
    return this._proceed(frame, step, NO_ERROR);
  }

  /**
   * Runs the coroutine until it waits, yields or ends. If this step has already resumed `from`,
   * `first` is the result. Otherwise `first` is undefined: resumes `from`, and throws `thrown` into
   * it unless that is NO_ERROR. Returns whether the coroutine yields. If `thrown` is BEGINS, a task
   * with extras begins a step. Such a task schedules itself, and this returns false.
   *
   * This is one function, because V8 doesn't inline one this long. If it inlined two shorter ones
   * into `_run`, as it would in programs that cancel much, it would no longer inline `_run`.
   */
  private _proceed(from: Call | undefined, first: Result | undefined, thrown: unknown): boolean {
    let frame = from;
    let step = first;
    let error = thrown;
    if (error === BEGINS) {
      const extras = this._extras();
      if (extras.cancelled !== undefined && ++extras.cancelled.steps === LONG_CLEANUP) {
        reportSwallowed(this, extras.cancelled.at, `is still running ${LONG_CLEANUP} steps later`);
      }
      extras.waitsAt = undefined;
      extras.abortNow();
      error = this._takeCancellation(extras);
      const yields =
        extras.flow === undefined
          ? this._proceed(frame, undefined, error)
          : enterFlow(extras.flow, this._proceed, this, frame, undefined, error);
      if (yields) this._schedule();
      return false;
    }
    this.#waitingFor = undefined;
    for (;;) {
      if (step === undefined) {
        const generator = this._toResume(frame);
        try {
          step = error === NO_ERROR ? resume(generator) : resumeWithError(generator, error);
        } catch (raised) {
          if (this._isBody(frame)) {
            this._endWithError(raised);
            return false;
          }
          frame = deliverOutcome(frame, new Thrown(raised));
          error = NO_ERROR;
          continue;
        }
      }
      error = NO_ERROR;
      if (step.done) {
        if (this._isBody(frame)) {
          this._end(step.value as T);
          return false;
        }
        frame = deliverOutcome(frame, step);
        step = undefined;
        continue;
      }
      if (step === chain.result && shouldAdopt()) {
        frame = adoptChain(frame);
        if (!frame._begun) {
          frame._begun = true;
          step = undefined;
          continue;
        }
      }
      this.#innermost = frame;
      if (step.value === undefined) return true;
      if (this._waitOn(step.value)) return false;
      error = yieldError(this, step.value);
      step = undefined;
    }
  }

  /** Returns the generator of the call `frame`. If `frame` is undefined, returns the body. */
  private _toResume(frame: Call | undefined): AnyGenerator {
    return frame === undefined ? (this.#body as AnyGenerator) : frame._generator;
  }

  /** Whether `frame` is the body, which no other call awaits. */
  private _isBody(frame: Call | undefined): frame is undefined {
    return frame === undefined || frame === this.#body;
  }

  /** Begins to wait for the yielded `value`. Returns false if the task can't wait for it. */
  private _waitOn(value: unknown): boolean {
    const { future } = awaited;
    if (future === undefined || future !== value) return false;
    // In the usual case, this accesses only one field of the future, because there are more classes
    // of futures than engines optimize for.
    if (
      future._waiting !== undefined ||
      awaited.loop !== this._loop ||
      future === (this as Future<unknown>) ||
      this.#extras !== undefined ||
      locations.watchers > 0
    ) {
      return this._waitOnUnusual(future);
    }
    awaited.future = undefined;
    this.#waitingFor = future;
    future._waiting = this.#id;
    return true;
  }

  /** The rest of `_waitOn`, which is separate so that `_waitOn` is short enough to be inlined. */
  private _waitOnUnusual(future: Future<unknown>): boolean {
    if (future._loop !== this._loop || future === (this as Future<unknown>)) return false;
    awaited.future = undefined;
    if (future._state !== PENDING) {
      // An iterator around the future has completed it. The next step takes the outcome.
      this._schedule();
      return true;
    }
    this.#waitingFor = future;
    future._addWaiter(this);
    if (locations.watchers > 0) this._extras().waitsAt = locations.last;
    if (this.#extras?.undelivered !== undefined) this._passOn(this.#extras, future);
    return true;
  }

  private _schedule(): void {
    const extras = this.#extras;
    if (extras === undefined || extras.priority === DEFAULT_PRIORITY) this._loop._ready(this.#id);
    else this._loop._readyAt(this.#id, extras.priority);
  }

  /** Takes the first step immediately, inside the running task or callback. */
  private _runNow(): void {
    const slots = this._loop._slots;
    const outer = slots.current;
    slots.current = this;
    const { hooks } = slots;
    try {
      if (hooks === undefined ? this._run() : stepWithHooks(hooks, this)) this._schedule();
    } finally {
      slots.current = outer;
    }
  }

  /**
   * Takes the undelivered cancellation, which replaces the outcome of the awaited future. Returns
   * NO_ERROR if there is none.
   */
  private _takeCancellation(extras: TaskExtras): unknown {
    const error = extras.undelivered;
    if (error === undefined) return NO_ERROR;
    extras.undelivered = undefined;
    this.#waitingFor?._retrieve();
    return error;
  }

  /**
   * Passes an undelivered cancellation on to the future that the task now waits for. The
   * cancellation came during this step: from the task itself, or from code that it called.
   */
  private _passOn(extras: TaskExtras, future: Future<unknown>): void {
    const error = extras.undelivered;
    // Cleared first, because the cancellation comes back if `future` awaits this task.
    extras.undelivered = undefined;
    if (!future.cancel(error?.message)) extras.undelivered = error;
  }

  private _extras(): TaskExtras {
    this.#extras ??= new TaskExtras();
    return this.#extras;
  }

  private _end(result: T): void {
    this._leave();
    const extras = this.#extras;
    // The task was cancelled in its last step, by itself or by code that it called.
    if (extras?.undelivered !== undefined) return this._abandon(extras.undelivered);
    if (extras?.cancelled !== undefined) {
      reportSwallowed(this, extras.cancelled.at, "ended with a result");
    }
    this._succeed(result);
  }

  private _endWithError(raised: unknown): void {
    this._leave();
    if (isCancellation(raised)) return this._abandon(raised);
    const error = bodyError(this.#body, raised);
    traceFailure(error, this);
    this._fail(error);
  }

  private _leave(): void {
    this._loop._slots.retireTask(this.#id);
    this.#innermost = undefined;
    this.#waitingFor = undefined;
  }
}

function taskToKeep(loop: Scheduler): readonly object[] {
  return [newIdleTask(loop)];
}

/** Returns a task without a number or a context, for instances that are kept: see loop/kept.ts. */
export function newIdleTask(loop: Scheduler): Task<unknown> {
  const task = new Task(loop, new Call(newEmptyGenerator()) as never, { name: "idle" });
  task._context = undefined;
  return task;
}

/**
 * Generators that were started as tasks. Recorded while a loop is in debug mode or runs on a
 * virtual clock.
 */
const claimed = /* @__PURE__ */ new WeakSet<object>();

/** @throws InvalidStateError if `generator` was started as a task before */
function claimOnce(generator: object): void {
  if (claimed.has(generator)) throw awaitedBefore();
  claimed.add(generator);
}
