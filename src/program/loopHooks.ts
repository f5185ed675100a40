// The hooks of `loop.instrument`, as users declare them.

import type { Handle } from "../loop/handle.ts";
import type { ExceptionContext } from "../loop/scheduler.ts";
import type { Future } from "../tasks/kernel/future.ts";
import type { Task } from "../tasks/kernel/task.ts";

/** A task that a warning is about. */
export interface WarnedTask {
  /** Its id in snapshots; null if it has been collected. */
  readonly id: number | null;
  readonly name: string;
}

/** A likely mistake or a bottleneck that an observer, such as `mysyncio/inspector`, has found. */
export interface LoopWarning {
  /** Its kind, such as `"lock-convoy"`. */
  readonly id: string;
  /** What is wrong, in one sentence. */
  readonly message: string;
  /** What was seen, with its numbers. */
  readonly evidence: string;
  /** The function or the primitive that the warning is about, with file and line if known. */
  readonly place: string;
  /** How to fix it. */
  readonly wayOut: string;
  /** The tasks that the warning is about. If there are many, the first few. */
  readonly tasks: readonly WarnedTask[];
  /** When the problem began, by the loop's clock. */
  readonly since: number;
}

/**
 * Functions that a loop calls as it works, for `loop.instrument`. All are optional and synchronous.
 * Times are milliseconds of the loop's clock.
 */
export interface LoopHooks {
  /** A task was created. `parent` is the task that created it; undefined if no task did. */
  taskStarted?(task: Task<unknown>, parent: Task<unknown> | undefined): void;
  /** A task takes a step. Steps nest where a task starts another one eagerly. */
  stepBegins?(task: Task<unknown>): void;
  /** The step has ended: the task waits, yields or is done. */
  stepEnds?(task: Task<unknown>): void;
  /**
   * A task has begun to wait for a future, in the step that has just ended. If the wait has ended
   * in the same step, as when the task had already cancelled itself, neither this nor `taskWakes`
   * is called.
   */
  taskWaits?(task: Task<unknown>, future: Future<unknown>): void;
  /**
   * The future that the task waits for is done, and the task is ready. `by` is the task or callback
   * that was running then; undefined if something outside the loop completed the future.
   */
  taskWakes?(task: Task<unknown>, by: object | undefined): void;
  /** A task is done: the step that has just ended was its last one. */
  taskEnds?(task: Task<unknown>): void;
  /** A callback of `callSoon`, `callLater` or `callAt` is called. */
  callbackBegins?(handle: Handle): void;
  /** The callback has returned or thrown. */
  callbackEnds?(handle: Handle): void;
  /** A timer was added: of a callback, a sleep or a timeout. */
  timerAdded?(when: number): void;
  /**
   * A timer is about to fire, `lateBy` milliseconds after its deadline. Not called for timers that
   * were added while the loop had no hooks.
   */
  timerFired?(lateBy: number): void;
  /**
   * A timer was removed before it was due. Not called for timers that were added while the loop had
   * no hooks.
   */
  timerRemoved?(): void;
  /** A turn begins. It will run `ready` entries. */
  turnBegins?(ready: number): void;
  /** The loop returns to the host, after `busy` milliseconds of real time. */
  sliceEnds?(busy: number): void;
  /**
   * Nothing is ready, so the loop sleeps until an outside event, or at the latest until the instant
   * `until`, which is Infinity if no timer is pending.
   */
  sleeps?(until: number): void;
  /** The loop continues after it has slept. Not called if the hook was added during that sleep. */
  idleEnds?(): void;
  /** An error that no caller can catch was reported. Called before the exception handler. */
  reports?(context: ExceptionContext): void;
  /** An observer of this loop has found something. */
  warns?(warning: LoopWarning): void;
}
