// A task: a future that drives a coroutine.
//
// Exactly one of these holds while the task is not done and does not run:
//
//   T1  #waitingFor is undefined, and the task's slot is in the ready queue
//   T2  #waitingFor is a pending future, the slot is idle, and the task is among
//       the future's waiters
//   T3  #waitingFor is a done future, and the slot is in the ready queue
//
// _run moves T1, T3 -> T1, T2 or done; the future moves T2 -> T3. Nothing else may
// touch the field or the slot. A cancel in T2 goes to the future, in T1 and T3 it
// is kept for the next step.
//
// The body may be a chain of decorated calls (coroutine.ts draws it). #frame is
// the innermost call, whose generator a step resumes; it is undefined while that is
// the body itself, and the body is a plain generator.
//
// A program has many tasks, and what a collector has to copy decides what it costs
// to start one. So a task has few fields, and what few tasks need is in #rare.

import type { Priority } from "../core/core.ts";
import {
  checkBoolean,
  checkChoice,
  checkCount,
  checkOptions,
  checkString,
  describe,
} from "../loop/arguments.ts";
import { Context, checkContext, holdForTurn, inheritedContext } from "../loop/context.ts";
import { CancelledError, newCancelledError, RuntimeError } from "../loop/errors.ts";
import { holders } from "../loop/holders.ts";
import { enterFlow, flow } from "../loop/hosts/asyncContext.ts";
import { places, type WaitingPlace } from "../loop/places.ts";
import { quiet } from "../loop/quiet.ts";
import { runningScheduler, type Scheduler, type Snapshot } from "../loop/scheduler.ts";
import type { Runnable } from "../loop/slots.ts";
import { isFromAnotherCopy, OF_ANOTHER_COPY } from "./anotherCopy.ts";
import { type Passing, passOn, type Told } from "./cancelling.ts";
import {
  type AnyGenerator,
  awaitedAt,
  awaitedBefore,
  Call,
  type Coroutine,
  CoroutineObject,
  callerToTell,
  chain,
  functionNameOf,
  isWorthTaking,
  native,
  type Result,
  resume,
  resumeWithError,
  Thrown,
  takeChain,
} from "./coroutine.ts";
import { awaited, Future, type Waiter } from "./future.ts";

/** Says that a step has nothing to throw. Not undefined, which can be thrown. */
const NO_ERROR = Symbol("no error");

let created = 0;
const DEFAULTS: TaskOptions = {};
const USER_VISIBLE = "user-visible";

/** After how many steps a cancelled task that still goes on is reported in debug mode. */
const LONG_CLEANUP = 10;

/** What few tasks have. */
class Rare {
  priority: Priority = PRIORITIES[USER_VISIBLE];
  /** What the next step throws, if a cancel is to be delivered. */
  cancel: CancelledError | undefined;
  cancelRequests = 0;
  context: Context | undefined;
  /** Runs a step in the host's own context of when the task was made. */
  within: Snapshot | undefined;
  /** What aborts `task.signal`, once somebody has asked for that. */
  controller: AbortController | undefined;
  /** What it has still to abort with. */
  untold: CancelledError | undefined;
  /** In debug mode: where it waits. */
  waitsAt: WaitingPlace | undefined;
  /** In debug mode: where it waited when it was cancelled, and how many steps it took since. */
  cancelled: { readonly at: WaitingPlace | undefined; steps: number } | undefined;
}

/** How a task is made. */
export interface TaskOptions {
  /** Shown in reports, by default `Task-N`. */
  readonly name?: string | undefined;
  /** The context that it runs in, by default a copy of the one that holds where it is made. */
  readonly context?: Context | undefined;
  /** Runs the first step in the call that makes the task, if its loop is the running one. */
  readonly eagerStart?: boolean | undefined;
  /**
   * Which ready queue it waits in, by default `"user-visible"`. In each turn user-blocking tasks run first, then all
   * that is user-visible, callbacks and timers included; background gets one step for every eight others, at least one.
   */
  readonly priority?: TaskPriority | undefined;
}

/** A function that a task is in. */
export interface TaskFrame {
  /** Its name, as far as the platform tells. */
  readonly functionName: string;
  /** In debug mode: file, line and column of the `yield*` at which it waits. */
  readonly location: string | undefined;
}

/** The web's three priorities, see https://wicg.github.io/scheduling-apis/#sec-task-priorities. */
export type TaskPriority = "user-blocking" | "user-visible" | "background";

const PRIORITIES: Readonly<Record<TaskPriority, Priority>> = {
  "user-blocking": 0,
  "user-visible": 1,
  background: 2,
};

/**
 * Runs a coroutine on a loop, and is the future of its result. Made by `createTask`. Like `asyncio.Task`.
 *
 * Its first step comes through the ready queue. The loop keeps it until it is done, whoever else forgets it.
 */
export class Task<T> extends Future<T> implements Runnable, Waiter, Passing {
  readonly #id: number;
  readonly #body: AnyGenerator | Call;
  #frame: Call | undefined;
  #waitingFor: Future<unknown> | undefined;
  #rare: Rare | undefined;
  #name: string | number;

  /** @internal */
  constructor(loop: Scheduler, body: Coroutine<T>, options: TaskOptions = DEFAULTS) {
    super(undefined, loop);
    const { name, context, eagerStart, priority = USER_VISIBLE } = options;
    if (name !== undefined) checkString("name", name);
    if (priority !== USER_VISIBLE) checkChoice("priority", priority, Object.keys(PRIORITIES));
    if (context !== undefined) checkContext(context);
    if (eagerStart !== undefined) checkBoolean("eagerStart", eagerStart);
    this.#name = name ?? ++created;
    if ((body as unknown) instanceof CoroutineObject) {
      this.#frame = (body as unknown as CoroutineObject)._begin();
    }
    this.#body = this.#frame ?? native(body);
    if (this.#frame === undefined && holders.watchers > 0) claimOnce(body);
    if (priority !== USER_VISIBLE) this._extras().priority = PRIORITIES[priority];
    const inherited = context ?? inheritedContext();
    if (inherited !== undefined) this._extras().context = inherited;
    if (loop._snapshot !== undefined) this._extras().within = loop._snapshot();
    else if (flow.within !== undefined) this._extras().within = flow.within;
    this.#id = loop._slots.add(this);
    if (eagerStart === true && runningScheduler() === loop) this._runNow();
    else this._schedule();
  }

  /**
   * Asks the task to end: a `CancelledError` is thrown where it waits. Returns false, and does nothing, if it is done.
   *
   * What the task waits for is cancelled with it; a task that is ready gets the error in its next step, and one that
   * has not begun never runs its body. The task may clean up first, and wait while it does; it may even go on.
   * Several calls before the error is delivered are one error, and count in `cancelling()`.
   *
   * @param message goes into the error.
   */
  override cancel(message?: string): boolean {
    if (this.done()) return false;
    const waitingFor = this.#waitingFor;
    if (waitingFor?._passesTo !== undefined && !waitingFor.done()) {
      return passOn(this, [waitingFor], message);
    }
    this._beginCancel(message);
    const isPassedOn = waitingFor?.cancel(message) ?? false;
    return this._endCancel({ before: undefined, isPassedOn, comesBack: false }, message);
  }

  /**
   * Cancels it in the turn of a timer. Who hears of that finds what a callback of the task would: its variables, as a copy,
   * and the host's own context. @internal
   */
  _expire(message: string): void {
    const rare = this.#rare;
    if (rare?.context !== undefined) holdForTurn(rare.context.copy());
    if (rare?.within === undefined) this.cancel(message);
    else enterFlow(rare.within, () => this.cancel(message));
  }

  /** Whom a cancellation goes through, unless that is one future that ends, or a subclass decides. @internal */
  override _passesTo(): readonly Future<unknown>[] | undefined {
    const waitingFor = this.#waitingFor;
    if (waitingFor?._passesTo === undefined || waitingFor.done()) return undefined;
    return this.cancel === Task.prototype.cancel ? [waitingFor] : undefined;
  }

  /** Aborts the signal: at once, or soon if no code of a user may run now. @internal */
  _abortSignal(rare: Rare, error: CancelledError): void {
    if (quiet.depth === 0) return rare.controller?.abort(error);
    rare.untold ??= error;
    if (!this._loop.isClosed()) this._loop.callSoon(() => this._tellSignal(rare));
  }

  /** @internal */
  _tellSignal(rare: Rare): void {
    const error = rare.untold;
    if (error === undefined) return;
    rare.untold = undefined;
    rare.controller?.abort(error);
  }

  /** @internal */
  get _canStop(): boolean {
    return true;
  }

  /** Takes note of a request. @internal */
  _beginCancel(_message: string | undefined): void {
    const extras = this._extras();
    extras.cancelRequests++;
    if (places.watchers > 0) extras.cancelled ??= { at: extras.waitsAt, steps: 0 };
  }

  /** What it waits for has been told. @internal */
  _endCancel({ isPassedOn, comesBack }: Told, message: string | undefined): boolean {
    const extras = this._extras();
    const waitingFor = this.#waitingFor;
    const stops = comesBack && waitingFor?.done() === false;
    if (stops) {
      // Else it would wait forever.
      waitingFor._removeWaiter(this);
      this.#waitingFor = undefined;
      this._schedule();
    }
    if (stops || !isPassedOn) extras.cancel = cancelOf(message);
    if (extras.controller !== undefined) this._abortSignal(extras, cancelOf(message));
    return true;
  }

  /** How many calls of `cancel()` have not been taken back by `uncancel()`. */
  cancelling(): number {
    return this.#rare?.cancelRequests ?? 0;
  }

  /**
   * Takes one `cancel()` back; returns how many are left. For who called `cancel()` and then swallowed its error.
   * At 0, a cancel is withdrawn that was neither delivered nor passed on to an awaited future.
   */
  uncancel(): number {
    const rare = this.#rare;
    if (rare === undefined || rare.cancelRequests === 0) return 0;
    if (--rare.cancelRequests === 0) {
      rare.cancel = undefined;
      rare.cancelled = undefined;
      if (rare.controller?.signal.aborted) rare.controller = undefined;
    }
    return rare.cancelRequests;
  }

  /**
   * A signal that aborts inside `cancel()`, with the `CancelledError` as its reason, whatever the task then does with the
   * error: to take along what knows signals and no tasks. Once `uncancel()` has taken every cancel back, as a timeout
   * does, there is a new one.
   */
  get signal(): AbortSignal {
    const extras = this._extras();
    if (extras.controller === undefined) {
      extras.controller = new AbortController();
      if (extras.cancelRequests > 0) extras.controller.abort(cancelOf(undefined));
    }
    return extras.controller.signal;
  }

  /** Its name in reports: the one it was given, else `Task-N`, counted over all loops. */
  getName(): string {
    return typeof this.#name === "number" ? `Task-${this.#name}` : this.#name;
  }

  /** Names it anew. @throws TypeError if `name` is not a string */
  setName(name: string): void {
    checkString("name", name);
    this.#name = name;
  }

  /** The coroutine that it runs. */
  getCoro(): Coroutine<T> {
    const body = this.#body;
    return (body instanceof Call ? body._coro : body) as Coroutine<T>;
  }

  /** The context that it runs in. */
  getContext(): Context {
    this._context ??= new Context();
    return this._context;
  }

  /**
   * The functions that it is in while it waits, the innermost last; nothing once it is done. Decorated functions are
   * told by name, and in debug mode each with the `yield*` at which it waits. Like `asyncio.Task.get_stack`.
   *
   * @param options.limit how many, from the innermost; by default all.
   */
  getStack(options: { readonly limit?: number | undefined } = {}): TaskFrame[] {
    checkOptions(options);
    const frames: TaskFrame[] = [];
    if (this.done()) return frames;
    const { limit = Infinity } = options;
    checkCount("limit", limit);
    let place = this.#rare?.waitsAt;
    for (let frame = this.#frame; frame !== undefined; frame = frame._caller) {
      frames.push(...framesOf(frame._generator, place));
      place = awaitedAt.get(frame);
    }
    if (!(this.#body instanceof Call)) frames.push(...framesOf(this.#body, place));
    return frames.slice(0, limit).reverse();
  }

  /** Writes `getStack()` to the console. Like `asyncio.Task.print_stack`. */
  printStack(options?: { readonly limit?: number | undefined }): void {
    const frames = this.getStack(options).map(
      ({ functionName, location = "not recorded" }) => `    at ${functionName} (${location})`,
    );
    console.error([`Stack of ${this._describe()}, the innermost last:`, ...frames].join("\n"));
  }

  /** What it waits for, and in debug mode where. For whoever debugs. @internal */
  _waits(): { readonly on: Future<unknown> | undefined; readonly at: WaitingPlace | undefined } {
    return { on: this.#waitingFor, at: this.#rare?.waitsAt };
  }

  /** @internal */
  get _context(): Context | undefined {
    return this.#rare?.context;
  }

  set _context(context: Context | undefined) {
    this._extras().context = context;
  }

  /** A task gets its outcome from its coroutine. @throws RuntimeError always */
  override setResult(): never {
    throw outcomeIsSet();
  }

  /** A task gets its outcome from its coroutine. @throws RuntimeError always */
  override setException(): never {
    throw outcomeIsSet();
  }

  /** @internal */
  override _describe(): string {
    return `Task ${JSON.stringify(this.getName())}`;
  }

  /** The future that it waits for is done. @internal */
  _notify(): void {
    this._schedule();
  }

  /** Takes a step of the coroutine: until it waits, gives way or ends. @internal */
  _run(): boolean {
    const frame = this.#frame;
    if (this.#rare !== undefined) return this._runRare(this.#rare);
    this.#waitingFor = undefined;
    let step: Result;
    try {
      step = resume(this._toResume(frame));
    } catch (error) {
      if (!this._isBody(frame)) {
        return this._proceed(callerToTell(frame, new Thrown(error)), undefined, NO_ERROR);
      }
      this._endWithError(error);
      return false;
    }
    // Most steps end here. What follows is for calls that end or are taken over, and for mistakes:
    // as a part of this function it would cost every step a seventh.
    if (!step.done && !(step === chain.result && isWorthTaking())) {
      if (step.value === undefined) return true;
      if (this._waitOn(step.value)) return false;
    }
    return this._proceed(frame, step, NO_ERROR);
  }

  /** Takes a step of a task that has something which few have. @internal */
  _runRare(rare: Rare): boolean {
    if (rare.cancelled !== undefined && ++rare.cancelled.steps === LONG_CLEANUP) {
      this._reportSwallowed(`still goes on ${LONG_CLEANUP} steps later`);
    }
    rare.waitsAt = undefined;
    if (rare.untold !== undefined) this._tellSignal(rare);
    const error = this._takeCancel(rare);
    const givesWay =
      rare.within === undefined
        ? this._proceed(this.#frame, undefined, error)
        : enterFlow(rare.within, () => this._proceed(this.#frame, undefined, error));
    if (givesWay) this._schedule();
    return false;
  }

  /**
   * Goes on from a step, or resumes `frame` if there is none yet, until the task waits, gives way or ends. Returns
   * whether it gives way.
   *
   * @internal
   */
  _proceed(from: Call | undefined, first: Result | undefined, thrown: unknown): boolean {
    let frame = from;
    let step = first;
    let error = thrown;
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
          frame = callerToTell(frame, new Thrown(raised));
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
        frame = callerToTell(frame, step);
        step = undefined;
        continue;
      }
      if (step === chain.result && isWorthTaking()) {
        frame = takeChain(frame);
        if (!frame._begun) {
          frame._begun = true;
          step = undefined;
          continue;
        }
      }
      this.#frame = frame;
      if (step.value === undefined) return true;
      if (this._waitOn(step.value)) return false;
      error = mistake(this, step.value);
      step = undefined;
    }
  }

  /** What the engine resumes for the innermost call. @internal */
  _toResume(frame: Call | undefined): AnyGenerator {
    return frame === undefined ? (this.#body as AnyGenerator) : frame._generator;
  }

  /** Whether nobody in this task awaits `frame`. @internal */
  _isBody(frame: Call | undefined): frame is undefined {
    return frame === undefined || frame === this.#body;
  }

  /** Begins to wait for what was yielded. Returns false if that is a mistake. @internal */
  _waitOn(value: unknown): boolean {
    const { future } = awaited;
    if (future === undefined || future !== value) return false;
    if (future._loop !== this._loop || (future as unknown) === this) return false;
    awaited.future = undefined;
    this.#waitingFor = future;
    future._addWaiter(this);
    if (places.watchers > 0) this._extras().waitsAt = places.last;
    if (this.#rare?.cancel !== undefined) this._passCancelOn(this.#rare, future);
    return true;
  }

  /** @internal */
  _schedule(): void {
    if (this.#rare === undefined) this._loop._ready(this.#id);
    else this._loop._readyAt(this.#id, this.#rare.priority);
  }

  /** @internal */
  _runNow(): void {
    const slots = this._loop._slots;
    const outer = slots.current;
    slots.current = this;
    if (this._run()) this._schedule();
    slots.current = outer;
  }

  /** The error of a cancel to deliver now, if there is one. It takes the place of what the awaited future had to say. @internal */
  _takeCancel(rare: Rare): unknown {
    const error = rare.cancel;
    if (error === undefined) return NO_ERROR;
    rare.cancel = undefined;
    this.#waitingFor?._retrieve();
    return error;
  }

  /** A task that cancelled itself, or was cancelled by whom it called, gets the error where it waits next. @internal */
  _passCancelOn(rare: Rare, future: Future<unknown>): void {
    const { cancel } = rare;
    // First: if that one awaits this task, the cancel comes back.
    rare.cancel = undefined;
    if (!future.cancel(cancel?.message)) rare.cancel = cancel;
  }

  /** @internal */
  _extras(): Rare {
    this.#rare ??= new Rare();
    return this.#rare;
  }

  /** @internal */
  _end(result: T): void {
    this._leave();
    // It cancelled itself, or was cancelled by whom it called, and did not wait any more.
    const cancel = this.#rare?.cancel;
    if (cancel !== undefined) return this._abandon(cancel);
    if (this.#rare?.cancelled !== undefined) this._reportSwallowed("ended with a result");
    this._succeed(result);
  }

  /** The classic mistake: a bare `catch` around a `yield*`. @internal */
  _reportSwallowed(what: string): void {
    if (!this._loop.getDebug()) return;
    const at = this.#rare?.cancelled?.at?.origin;
    const where = at === undefined ? "" : ` while it waited at ${at.functionName} (${at.location})`;
    this._loop.callExceptionHandler({
      message:
        `${this._describe()} was cancelled${where}, and ${what}. A \`catch\` that is not meant for a ` +
        "CancelledError has to throw it again; who means to end a cancel calls `uncancel()`",
      task: this,
    });
  }

  /** @internal */
  _endWithError(error: unknown): void {
    this._leave();
    if (error instanceof TypeError && isFromAnotherCopy(this.#body)) {
      this._fail(new RuntimeError(`The coroutine cannot run${OF_ANOTHER_COPY}`, { cause: error }));
    } else if (error instanceof CancelledError) this._abandon(error);
    else this._fail(error);
  }

  /** @internal */
  _leave(): void {
    this._loop._slots.retire(this.#id);
    this.#frame = undefined;
    this.#waitingFor = undefined;
  }
}

/** Generators that are tasks, as long as some loop is in debug mode or on a clock that leaps. */
const claimed = /* @__PURE__ */ new WeakSet<object>();

/** @throws InvalidStateError if a task has been made of `generator` before */
function claimOnce(generator: object): void {
  if (claimed.has(generator)) throw awaitedBefore();
  claimed.add(generator);
}

function cancelOf(message: string | undefined): CancelledError {
  return newCancelledError(message ?? "The task was cancelled");
}

function framesOf(generator: AnyGenerator, place: WaitingPlace | undefined): readonly TaskFrame[] {
  if (place !== undefined) return place.frames;
  return [{ functionName: functionNameOf(generator) || "anonymous", location: undefined }];
}

function mistake(task: Task<unknown>, value: unknown): Error {
  const { future } = awaited;
  if (future === undefined || future !== value) return badYield(value);
  return future._loop === task._loop ? selfAwait(task) : foreignLoop(task, future);
}

function badYield(value: unknown): TypeError {
  const got = `A task can only wait for futures, tasks and coroutines, got ${describe(value)}`;
  if (isFromAnotherCopy(value)) return new TypeError(got + OF_ANOTHER_COPY);
  const isPromise = typeof (value as { then?: unknown } | null)?.then === "function";
  const how =
    isPromise && !(value instanceof Future)
      ? " Await a promise with `yield* fromPromise(promise)`"
      : "";
  return new TypeError(`${got}. Did you mean \`yield*\` instead of \`yield\`?${how}`);
}

function outcomeIsSet(): RuntimeError {
  return new RuntimeError("A task gets its outcome from its coroutine");
}

function selfAwait(task: Task<unknown>): RuntimeError {
  return new RuntimeError(`${task._describe()} awaits itself, and would wait for ever`);
}

function foreignLoop(task: Task<unknown>, future: Future<unknown>): RuntimeError {
  return new RuntimeError(
    `${task._describe()} awaits a ${future._describe()} of another loop. Await it there, or as a promise`,
  );
}
