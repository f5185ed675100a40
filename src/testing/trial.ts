// One run of a program: on a new loop, in virtual time, in the order that a policy chooses.
//
// The file is long because the beginning, the steps and the end of a run share state.

import { newCore } from "../core/core.ts";
import { nameOfRunnable } from "../debug/waitForGraph.ts";
import { RuntimeError } from "../lang/errors.ts";
import { isCancellation, isInstance } from "../lang/thrown.ts";
import { recordHeld } from "../loop/holders.ts";
import type { ExceptionContext } from "../loop/scheduler.ts";
import type { Runnable } from "../loop/slots.ts";
import { EventLoop } from "../program/eventLoop.ts";
import { drain } from "../program/runner.ts";
import { type Awaitable, isThenable } from "../tasks/awaitable.ts";
import { allTasks } from "../tasks/currentTask.ts";
import { ensureFutureOn } from "../tasks/ensureFuture.ts";
import { isCoroutine, isCoroutineFunction } from "../tasks/kernel/coroutine.ts";
import { type Future, isFuture, type Waiter } from "../tasks/kernel/future.ts";
import { Task } from "../tasks/kernel/task.ts";
import type { Conditions } from "./conditions.ts";
import { outsideMayWaitFor } from "./dependence.ts";
import { ExploringCore, Lane, type Observer, type Policy } from "./exploringCore.ts";
import {
  asyncDeadlockFailure,
  deadlockFailure,
  describeOutside,
  describeOutsideWaits,
  type Failure,
  heldFailure,
  leakFailure,
  livelockFailure,
} from "./failures.ts";
import { HostStep } from "./host/hostStep.ts";
import { postMacrotask } from "./host/macrotask.ts";
import { countActive } from "./host/outside.ts";
import { PATIENCE, RunDriver } from "./host/runDriver.ts";
import { Stage } from "./host/stage.ts";
import { enterAlone, leaveStage, onStage, retire } from "./host/stages.ts";
import { PendingAwaits } from "./pendingAwaits.ts";
import { ScriptPolicy } from "./policies.ts";
import type { RunObserver } from "./runObserver.ts";
import { VirtualClock } from "./virtualClock.ts";

/** A loop that the program itself runs may use up this many slices while nothing else happens. */
const MAX_POLLS = 100;

/** The program. Called once per run. */
export type Main<T = unknown> = () => Awaitable<T>;

/** How a run ended. */
export interface Outcome {
  readonly value: unknown;
  readonly failure: Failure | undefined;
  /**
   * At how many points a cancellation was possible: suspensions of the task to be cancelled, or
   * awaits of async functions.
   */
  readonly suspensions: number;
  /**
   * Describes the first waits for something outside the loop or, with async functions, the outside
   * resources that were used. Empty if there were none; otherwise, the run may not be repeatable.
   */
  readonly outside: readonly string[];
  /** Whether async functions or timers of the host took part. */
  readonly isAsync: boolean;
  /** The place of the await that was cancelled; undefined unless an async function's await was. */
  readonly cancelledAt: string | undefined;
  /** Whether `main` returned a value although the await in `cancelledAt` was cancelled. */
  readonly isSwallowed: boolean;
}

/** Runs programs one after another, reusing one core. */
export class TrialRunner {
  readonly core: ExploringCore = new ExploringCore(newCore(), new ScriptPolicy([]));
  /**
   * The names that were compared with the name in `cancelPoints`: of suspended tasks, and of
   * functions with marked awaits.
   */
  readonly names = new Set<string>();
  /** Whether `main` is known not to be an async function. */
  #isSync = false;

  /**
   * Runs `main` once. Returns a promise if `main` is or may be an async function, or if the run
   * waits for something outside the loop.
   */
  run(
    main: Main,
    policy: Policy,
    conditions: Conditions,
    observer?: RunObserver,
  ): Outcome | Promise<Outcome> {
    this.core.reset();
    this.core.policy = policy;
    this.core.maxSteps = conditions.maxSteps;
    const trial = new Trial(this.core, conditions, this.names, observer);
    this.#isSync ||= isGeneratorFunction(main);
    if (this.#isSync) return trial.run(main);
    return trial.runInTask(main).then((outcome) => {
      this.#isSync = !trial.isMainAsync;
      return outcome;
    });
  }
}

class Trial implements Observer, Waiter {
  readonly #core: ExploringCore;
  readonly #conditions: Conditions;
  readonly #names: Set<string>;
  readonly #clock = new VirtualClock();
  readonly #loop: EventLoop;
  readonly #observer: RunObserver | undefined;
  /** The pending awaits, if an error may list them. */
  readonly #pending: PendingAwaits | undefined;
  readonly #reports: ExceptionContext[] = [];
  readonly #stage: Stage;
  readonly #active = countActive();
  #main: Future<unknown> | undefined;
  #target: Task<unknown> | undefined;
  #suspensions = 0;
  #outside: readonly string[] = [];
  #isDry = false;
  #hasArrivals = false;
  #isEndless = false;
  #hasCancelled = false;
  #polls = 0;
  #polledAt = 0;

  constructor(
    core: ExploringCore,
    conditions: Conditions,
    names: Set<string>,
    observer: RunObserver | undefined,
  ) {
    this.#core = core;
    this.#conditions = conditions;
    this.#names = names;
    this.#observer = observer;
    core.observer = this;
    this.#loop = new EventLoop({ clock: this.#clock }, core);
    recordHeld(this.#loop);
    this.#loop._isDriven = true;
    const { _slots: slots } = this.#loop;
    const callbacks = new Lane();
    core.laneOf = (id) => {
      const runnable = slots.at(id);
      if (runnable instanceof HostStep) return runnable.lane;
      return mayOvertake(runnable) ? undefined : callbacks;
    };
    if (observer === undefined && conditions.isTest) this.#pending = new PendingAwaits();
    else this.#pending = observer?.pending;
    const onAwait = (place: string, _isDelayed: boolean, awaited: unknown): void =>
      this.#pending?.add(place, awaited);
    this.#stage = new Stage({
      ...{ loop: this.#loop, clock: this.#clock, core, conditions, names },
      observer: observer ?? (conditions.isTest ? { onAwait } : undefined),
      onEndless: () => this.onLimit(),
    });
    this.#loop.setExceptionHandler((_, context) => this.#reports.push(context));
    if (observer !== undefined) {
      // Debug mode records where tasks wait. That makes callbacks slow, so don't warn of slow ones.
      this.#loop.setDebug(true);
      this.#loop.slowCallbackDuration = Infinity;
      if (observer.timeline !== undefined) this.#loop.instrument(observer.timeline.hooks);
    }
  }

  run(main: Main): Outcome | Promise<Outcome> {
    try {
      if (onStage(this.#stage, () => this.#begin(main))) return this.#conclude();
    } catch (error) {
      this.#loop.close();
      leaveStage(this.#stage);
      throw error;
    }
    return this.#waitOutside();
  }

  /**
   * Runs `main` in a new macrotask, so that no earlier microtask or `nextTick` callback is pending
   * when an async function starts.
   */
  async runInTask(main: Main): Promise<Outcome> {
    const leave = await enterAlone();
    try {
      return await new Promise((resolve, reject) => {
        postMacrotask(() => {
          try {
            resolve(this.run(main));
          } catch (error) {
            reject(error);
          }
        });
      });
    } finally {
      leave();
    }
  }

  /** Whether `main` is an async function. Known after it has been called. */
  get isMainAsync(): boolean {
    return this.#stage.isMainAsync;
  }

  /** Calls `main` and runs it as far as `#continue` does. Returns whether the run is over. */
  #begin(main: Main): boolean {
    const body = isCoroutineFunction(main) ? main : () => this.#call(main);
    this.#main = ensureFutureOn(this.#loop, body);
    this.#main._addWaiter(this);
    return this.#continue();
  }

  #call(main: Main): Awaitable<unknown> {
    // Assume an async function until `main` returns, because its first awaits happen before that.
    this.#stage.isMainAsync = true;
    const returned = main();
    const isAsync = isThenable(returned) && !isFuture(returned) && !isCoroutine(returned);
    this.#stage.isMainAsync = isAsync;
    if (isAsync) {
      if (this.#observer !== undefined) this.#observer.isMainAsync = true;
      this.#stage.touch();
    }
    return returned;
  }

  /** Called when `main` is done. */
  _notify(): void {
    this.#loop.stop();
  }

  get afterStep(): ((id: number) => void) | undefined {
    return this.#conditions.cancel === undefined ? undefined : this.#countSuspension;
  }

  get onStep(): ((id: number, count: number, first: number) => void) | undefined {
    return this.#observer === undefined ? undefined : this.#observeStep;
  }

  onDry(deadline: number): void {
    if (deadline !== Infinity && this.#loop._external === 0) return;
    this.#isDry = true;
    this.#loop.stop();
  }

  onLimit(): void {
    this.#isEndless = true;
    this.#loop.stop();
  }

  readonly #countSuspension = (id: number): void => {
    const ran = this.#loop._slots.at(id) as unknown;
    if (this.#target === undefined) this.#target = this.#targetOf(ran);
    if (ran !== this.#target || !(ran instanceof Task) || ran.done()) return;
    if (++this.#suspensions !== this.#conditions.cancel?.at) return;
    this.#hasCancelled = true;
    new CancelStep(this.#loop, ran);
  };

  #targetOf(ran: unknown): Task<unknown> | undefined {
    const name = this.#conditions.cancel?.target;
    // The suspensions of an async function are its awaits.
    if (name === "" && this.isMainAsync) return undefined;
    if (name === "") return this.#main as Task<unknown>;
    if (!(ran instanceof Task)) return undefined;
    const taskName = ran.getName();
    this.#names.add(taskName);
    return taskName === name ? ran : undefined;
  }

  readonly #observeStep = (id: number, count: number, first: number): void => {
    const slots = this.#loop._slots;
    if (id !== first) this.#observer?.onOvertake(slots.at(id), slots.at(first));
    this.#observer?.onStep(slots.at(id), count, this.#loop);
  };

  get mayJump(): ((count: number, deadline: number) => boolean) | undefined {
    return this.#stage.hasAsyncCode ? this.#mayJump : undefined;
  }

  readonly #mayJump = (count: number, deadline: number): boolean =>
    this.#stage.mayJump(count, deadline);

  jump(deadline: number): void {
    this.#clock.advanceTo(deadline);
    this.#observer?.onJump(deadline, [...this.#stage.patient]);
  }

  /**
   * Runs until `main` is done, or the run has too many steps. Returns false if nothing was left to
   * run before that, or if async code takes part, so that the host must drain its microtasks.
   */
  #continue(): boolean {
    this.#isDry = false;
    for (;;) {
      // Makes `runForeverSync` end after one turn, which is one step.
      if (this.#stage.hasAsyncCode) this.#loop.stop();
      this.#loop.runForeverSync();
      if ((this.#main as Future<unknown>).done() || this.#isEndless) return true;
      if (this.#isDry || this.#stage.hasAsyncCode) return false;
    }
  }

  /** Continues the run across macrotasks. */
  async #waitOutside(): Promise<Outcome> {
    const trial = this;
    const core = this.#core;
    const loop = this.#loop;
    const stage = this.#stage;
    const clock = this.#clock;
    const driver = new RunDriver(
      {
        get hasAsyncCode() {
          return stage.hasAsyncCode;
        },
        get isOver() {
          return trial.#isOver();
        },
        get isReady() {
          return stage.hasPosted || core.hasReady() || core.deadline() <= clock.now();
        },
        get waitsOutside() {
          trial.#noteOutside();
          return loop._external + loop._events > 0;
        },
        get outsideMayWaitForLoop() {
          return outsideMayWaitFor(loop);
        },
        get outside() {
          return stage.outside;
        },
        get hasJobs() {
          return stage.jobs.areRunning();
        },
        get now() {
          return clock.now();
        },
        get deadline() {
          return core.deadline();
        },
        step() {
          onStage(stage, () => {
            stage.beginStep();
            if (core.hasReady() || core.deadline() <= clock.now()) trial.#continue();
            else trial.#poll();
          });
        },
        advanceTo: (when) => clock.advanceTo(when),
        onEnd: () => retire(stage),
        onArrival() {
          trial.#hasArrivals = true;
        },
      },
      this.#active,
    );
    if (!stage.hasAsyncCode) this.#noteOutside();
    await driver.start();
    return this.#conclude();
  }

  #isOver(): boolean {
    const isDone = (this.#main as Future<unknown>).done();
    return isDone || this.#isEndless || this.#stage.rejections.length > 0;
  }

  /**
   * Called when the only thing ready is a loop that the program itself runs. Such a loop may poll
   * for something that takes time.
   */
  #poll(): void {
    if (this.#polledAt !== this.#core.steps) this.#polls = 0;
    this.#polledAt = this.#core.steps;
    if (++this.#polls < MAX_POLLS) return;
    const deadline = this.#core.deadline();
    if (deadline !== Infinity) this.#clock.advanceTo(deadline);
    else if (this.#stage.outside.size === 0) this.onLimit();
  }

  /** When the run first waits for something outside the loop, records a description of it. */
  #noteOutside(): void {
    const { _external: external, _events: events } = this.#loop;
    if (external + events === 0 || this.#outside.length > 0) return;
    this.#outside = describeOutsideWaits(this.#loop, this.#naming);
  }

  #conclude(): Outcome {
    const main = this.#main as Future<unknown>;
    const stage = this.#stage;
    stage.jobs.areRunning();
    if (stage.hasAsyncCode) this.#outside = describeOutside(stage.outside, this.#hasArrivals);
    stage.end();
    const failure = onStage(stage, () => this.#failure(main));
    const value = main.done() && !main._hasFailed() ? main.result() : undefined;
    this.#loop.close();
    this.#core.observer = undefined;
    this.#core.giveBack();
    leaveStage(stage);
    return {
      value,
      // After a failure, don't blame the program for errors of tasks that the end of the loop
      // closed.
      failure: failure ?? this.#unhandled(),
      suspensions: this.#suspensions + stage.awaits,
      outside: this.#outside,
      isAsync: stage.hasAsyncCode,
      cancelledAt: stage.cancelledAt,
      isSwallowed: stage.cancelledAt !== undefined && main.done() && !main._hasFailed(),
    };
  }

  #failure(main: Future<unknown>): Failure | undefined {
    if (this.#isEndless) return livelockFailure(this.#core.steps);
    const { rejections } = this.#stage;
    if (!main.done()) {
      if (rejections.length > 0) return { kind: "unretrieved", error: rejections[0] };
      return this.#deadlock();
    }
    if (main._hasFailed()) {
      const error = reasonOf(main);
      const isExpected = isCancellation(error) && this.#wasCancelled;
      if (!isExpected) return { kind: "failed", error };
    }
    if (allTasks(this.#loop).size > 0) {
      // A cancelled program needs to clean up only as far as `run()` requires.
      if (this.#conditions.leaks && !this.#wasCancelled) {
        return leakFailure(this.#loop, this.#naming, !this.#conditions.isTest);
      }
      const failure = this.#drain();
      if (failure !== undefined) return failure;
    }
    return this.#unhandled() ?? this.#held();
  }

  /** Cancels the remaining tasks and waits for them, as `run()` does at its end. */
  #drain(): Failure | undefined {
    this.#core.policy = new ScriptPolicy([]);
    for (const left of drain(this.#loop)) {
      this.#isDry = false;
      // Returns when the loop runs dry.
      this.#loop.runForeverSync();
      if (this.#isEndless) return livelockFailure(this.#core.steps);
      if (!left.done()) return this.#deadlock();
    }
    return undefined;
  }

  /** Returns the first exception that nothing could catch. */
  #unhandled(): Failure | undefined {
    // Reports without an exception are debug-mode warnings, not failures.
    const report = this.#reports.find((context) => "exception" in context);
    const [rejection] = this.#stage.rejections;
    if (this.#stage.rejections.length > 0) return { kind: "unretrieved", error: rejection };
    if (report === undefined) return undefined;
    return { kind: "unretrieved", error: report.exception };
  }

  #held(): Failure | undefined {
    return this.#conditions.heldLocks
      ? heldFailure(this.#loop, this.#naming, !this.#conditions.isTest)
      : undefined;
  }

  #deadlock(): Failure {
    if (this.#stage.hasAsyncCode) {
      return asyncDeadlockFailure(this.#loop, this.#naming, this.#pending?.list());
    }
    return deadlockFailure(this.#loop, this.#naming, PATIENCE);
  }

  get #wasCancelled(): boolean {
    return this.#hasCancelled || this.#stage.cancelledAt !== undefined;
  }

  readonly #naming = (runnable: object): string =>
    this.#observer?.nameOf(runnable) ?? nameOfRunnable(runnable);
}

/** Returns what `main` threw. Unwraps the CancelledError of a promise that `main` returned. */
function reasonOf(main: Future<unknown>): unknown {
  const reason = main._reason();
  const isWrapped = isInstance(reason, RuntimeError) && isCancellation(reason.cause);
  return isWrapped ? reason.cause : reason;
}

function isGeneratorFunction(main: Main): boolean {
  return Object.prototype.toString.call(main) === "[object GeneratorFunction]";
}

/**
 * Whether the policy may let a runnable overtake others. Callbacks, timers, sleeps and timeouts run
 * in the order that the loop guarantees.
 */
function mayOvertake(runnable: Runnable): boolean {
  return runnable instanceof Task || runnable instanceof CancelStep;
}

/**
 * A step that cancels a task. Unlike a callback it may overtake others, so the policy decides when
 * the cancellation takes place.
 */
class CancelStep implements Runnable {
  readonly #loop: EventLoop;
  readonly #task: Task<unknown>;
  readonly #id: number;

  constructor(loop: EventLoop, task: Task<unknown>) {
    this.#loop = loop;
    this.#task = task;
    this.#id = loop._startNow(this);
  }

  _run(): boolean {
    this.#loop._slots.retire(this.#id);
    this.#task.cancel();
    return false;
  }

  _describe(): string {
    return "a cancellation";
  }
}
