// Describes each step of a run, and the tasks that awaited the failed task.
//
// `explore` observes only an extra run of a failing schedule, because an observed run is in debug
// mode, where recording locations makes it slow.

import { Awaiters, captureCallGraph, linesOf } from "../debug/callGraph.ts";
import { describePlace, enumerate } from "../debug/waitForGraph.ts";
import { Handle } from "../loop/handle.ts";
import type { EventLoop } from "../program/eventLoop.ts";
import { isFuture } from "../tasks/kernel/future.ts";
import { Task } from "../tasks/kernel/task.ts";
import { Timeout } from "../tasks/timeout.ts";
import { DelayedAwait, ExternalCall, HostStep } from "./host/hostStep.ts";
import type { AwaitObserver } from "./host/stage.ts";
import { VirtualTimer } from "./host/timers.ts";
import { PendingAwaits } from "./pendingAwaits.ts";
import { Timeline } from "./report/timeline.ts";

/** Default names are numbered across all loops, so they would differ from run to run. */
export const DEFAULT_NAME = /^Task-\d+$/;

/** A task, with the lines that show its call stack and its awaiters. */
interface TaskGraph {
  readonly task: Task<unknown>;
  readonly lines: readonly string[];
}

export class RunObserver implements AwaitObserver {
  readonly steps: string[] = [];
  /** The steps and all awaits, to find where two runs differ. */
  readonly trace: string[] = [];
  /**
   * What differs from native order: delayed awaits, steps that ran before others that had become
   * ready earlier, and steps delayed past a deadline.
   */
  readonly departures: string[] = [];
  /** Whether `main` is an async function, whose task takes a second step only at its end. */
  isMainAsync = false;
  readonly pending = new PendingAwaits();
  /** Tasks in the order of their first appearance. The first one is `main`. */
  readonly #numbers = new Map<object, number>();
  readonly #hasStepped = new WeakSet<object>();
  /** The task that takes the current step. */
  #last: TaskGraph | undefined;
  /** Tasks that failed, in order. */
  readonly #failed: TaskGraph[] = [];

  /** The picture of the run; undefined if none was requested. */
  readonly timeline: Timeline | undefined;

  constructor({ draws = false } = {}) {
    if (draws) this.timeline = new Timeline(this.nameOf);
  }

  /** Records a step. Called before it is taken. */
  onStep(runnable: object, count: number, loop: EventLoop): void {
    this.#finishStep();
    const isFirst = !this.#hasStepped.has(runnable);
    this.#hasStepped.add(runnable);
    const name = this.nameOf(runnable);
    const choice = count === 1 ? "" : `, one of ${count} ready`;
    const isEnd = this.isMainAsync && !isFirst && this.#numbers.get(runnable) === 0;
    const action = isEnd ? "ends" : describeStep(runnable, isFirst);
    this.timeline?.addStep(runnable, action, loop.time());
    const step = `${loop.time()} ms: ${name} ${action}${choice}`;
    this.steps.push(step);
    this.trace.push(step);
    if (!(runnable instanceof Task)) return;
    // The task of the previous step is no longer running.
    loop._slots.current = undefined;
    const graph = captureCallGraph(runnable);
    this.#last = graph && { task: runnable, lines: linesOf(graph, this.nameOf) };
  }

  /** Records an await of an async function. */
  onAwait(place: string, isDelayed: boolean, awaited: unknown, time: number): void {
    this.trace.push(`${time} ms: ${isDelayed ? "a delayed await" : "an await"} in ${place}`);
    if (isDelayed) this.#depart(`the await in ${place} is delayed`);
    this.timeline?.addAwait(place, isDelayed, time);
    this.pending.add(place, awaited);
  }

  /** Records that the clock advanced to `deadline` although the steps `late` were ready. */
  onJump(deadline: number, late: readonly object[]): void {
    const names = enumerate([...new Set(late.map(this.nameOf))]);
    this.#depart(`${names} ${late.length > 1 ? "are" : "is"} delayed past ${deadline} ms`);
  }

  /** Records that a step was chosen before the one that was ready first. */
  onOvertake(runnable: object, first: object): void {
    const verb = runnable instanceof Task ? "runs" : describeStep(runnable, false);
    this.#depart(`${this.nameOf(runnable)} ${verb} before ${this.nameOf(first)}`);
  }

  /**
   * Returns the lines that show which tasks awaited the first task that failed with `error`. Empty
   * if no task failed with `error`, or if that task is `main`. Call it after the run.
   */
  graphOfFailure(error: unknown): readonly string[] {
    this.#finishStep();
    const failed = this.#failed.find(({ task }) => task._reason() === error);
    const isMain = failed !== undefined && this.#numbers.get(failed.task) === 0;
    return failed === undefined || isMain ? [] : failed.lines;
  }

  /** Returns a name that is the same in each run of a program. */
  readonly nameOf = (runnable: object): string => {
    if (runnable instanceof Handle) return `callback ${runnable._describe()}`;
    if (runnable instanceof Timeout) return "a timeout";
    if (runnable instanceof HostStep) return runnable._describe();
    if (!(runnable instanceof Task)) {
      if (!isFuture(runnable)) return "the cancellation";
      const [sleeper] = new Awaiters().of(runnable);
      return sleeper === undefined ? "a sleep" : `the sleep of ${this.nameOf(sleeper)}`;
    }
    const number = this.#numbers.get(runnable) ?? this.#numbers.size;
    this.#numbers.set(runnable, number);
    if (number === 0) return "`main`";
    const name = runnable.getName();
    return DEFAULT_NAME.test(name) ? `task ${number}` : `task ${number} ${JSON.stringify(name)}`;
  };

  #depart(text: string): void {
    this.departures.push(text);
    this.timeline?.addDeparture(text);
  }

  /** Records whether the task of the last step failed in it. */
  #finishStep(): void {
    const last = this.#last;
    this.#last = undefined;
    if (last?.task._hasFailed()) this.#failed.push(last);
  }
}

function describeStep(runnable: object, isFirst: boolean): string {
  if (runnable instanceof Timeout) return "expires";
  if (runnable instanceof DelayedAwait) return "resumes";
  if (runnable instanceof ExternalCall) return "completes";
  if (runnable instanceof VirtualTimer) return "fires";
  if (runnable instanceof Handle) return "runs";
  if (!(runnable instanceof Task)) return isFuture(runnable) ? "ends" : "is requested";
  if (isFirst) return "starts";
  const { at } = runnable._inspect();
  return at === undefined ? "resumes after a `yield`" : `resumes in ${describePlace(at)}`;
}
