import type { Core, Priority } from "../core/core.ts";
import { wrongType } from "./arguments.ts";
import type { Callback, Handle, TimerHandle } from "./handle.ts";
import { type Runnable, Slots } from "./slots.ts";

/** Calls a function in a context of the host's that was kept. */
export type Snapshot = <R>(callback: () => R) => R;

/** What went wrong where nobody could catch it. `exception` is what was thrown; one of the others says by whom. */
export interface ExceptionContext {
  readonly message: string;
  readonly exception?: unknown;
  readonly handle?: Handle;
  /** The task; of an exception that nobody retrieved, what stands for it with its `getName()` once it is collected. */
  readonly task?: unknown;
  /** The future, likewise. */
  readonly future?: unknown;
}

/** Something outside of a loop that must not outlive it. */
export interface Resource {
  /** Called when the loop closes, outside of any turn. Must not run code of a user. */
  close(): void;
}

/**
 * What futures, tasks and everything above them may ask of a loop.
 *
 * `EventLoop` implements it; nothing below `EventLoop` knows more than this.
 */
export interface Scheduler {
  time(): number;
  callSoon<Args extends unknown[]>(callback: Callback<Args>, ...args: Args): Handle;
  callLater<Args extends unknown[]>(
    delay: number,
    callback: Callback<Args>,
    ...args: Args
  ): TimerHandle;
  callAt<Args extends unknown[]>(
    when: number,
    callback: Callback<Args>,
    ...args: Args
  ): TimerHandle;
  callExceptionHandler(context: ExceptionContext): void;
  getDebug(): boolean;
  isClosed(): boolean;

  /** `callSoon` of something that is in its context already. @internal */
  _callSoon(callback: Callback<never>, args: readonly unknown[]): Handle;
  /** Gives `runnable` a slot that comes up in the next turn. Returns its id. @internal */
  _startNow(runnable: Runnable): number;
  /** Gives `runnable` a slot that comes up at the instant `when`. Returns its id. @internal */
  _startTimer(runnable: Runnable, when: number): number;
  /** Keeps the host's own context of now, if the loop is to. @internal */
  readonly _snapshot: (() => Snapshot) | undefined;
  /** @internal */
  readonly _slots: Slots;
  /** The core of `_slots`, one step nearer for the hot path. @internal */
  readonly _core: Core;
  /** How many waits are under way that something outside the loop will end. @internal */
  _external: number;
  /** What is to be closed with the loop. @internal */
  readonly _resources: Set<Resource>;
  /** Makes the tasks, if the user wants it otherwise than we do. @internal */
  readonly _makeTask: ((body: never, options: object) => object) | undefined;
  /** Appends a slot to the ready queue from anywhere, and wakes a sleeping loop. @internal */
  _ready(id: number): void;
  /** The same for a priority other than the default. @internal */
  _readyAt(id: number, priority: Priority): void;
  /** Wakes a sleeping loop: something may be ready. @internal */
  _wake(): void;
  /** Keeps a sleeping loop from asking for a microtask: `_runNow` is to follow. Returns whether it slept. @internal */
  _hold(): boolean;
  /** Runs the loop in this very microtask, after `_hold` returned true. The stack must be the host's own. @internal */
  _runNow(): void;
  /** The same for a task of the host that does nothing else, such as an event of a socket. @internal */
  _runInTask(): void;
}

/** `TypeError` unless `value` is an event loop. */
export function checkLoop(value: unknown): void {
  const slots: unknown = (value as Scheduler | null)?._slots;
  if (slots instanceof Slots) return;
  const isForeign = (slots as Partial<Slots> | undefined)?.core !== undefined;
  throw wrongType(
    "loop",
    isForeign ? "an event loop of this copy of mysyncio" : "an event loop",
    value,
  );
}

let running: Scheduler | undefined;

/** The loop whose callback is on the stack. */
export function runningScheduler(): Scheduler | undefined {
  return running;
}

/** Says whose callbacks run from now on; returns whose ran before, to be put back. */
export function enterScheduler(scheduler: Scheduler | undefined): Scheduler | undefined {
  const outer = running;
  running = scheduler;
  return outer;
}
