import type { Core, Priority } from "../core/core.ts";
import { wrongType } from "../lang/arguments.ts";
import type { Callback, Handle, TimerHandle } from "./handle.ts";
import type { Flow } from "./hosts/flow.ts";
import { type Runnable, Slots } from "./slots.ts";

/**
 * A problem that no caller can receive, such as an error that a callback threw. `exception` is the
 * value thrown, if any. `handle`, `task` and `future` say where the problem occurred.
 */
export interface ExceptionContext {
  readonly message: string;
  readonly exception?: unknown;
  readonly handle?: Handle;
  /**
   * The task that failed. If its exception was never retrieved and the task has been collected, an
   * object with its name (`getName()`) and its outcome.
   */
  readonly task?: unknown;
  /** The future that failed. If it has been collected, an object with its outcome. */
  readonly future?: unknown;
}

/** Something that must be closed with its loop, such as a socket. */
export interface Resource {
  /** Called when the loop closes, outside any turn. Must not call user code. */
  close(): void;
}

/** Runs a sleeping loop without waiting for another microtask. `Pump` implements it. */
export interface DirectEntry {
  /**
   * Marks a sleeping loop as awake without asking for a microtask, because `runNow` or
   * `runInMacrotask` will follow. Returns whether the loop was asleep.
   */
  markAwake(): boolean;
  /**
   * Runs the loop in the current microtask, after `markAwake` returned true. Nothing else may be on
   * the stack.
   */
  runNow(): void;
  /**
   * Like `runNow`, but in a macrotask that does nothing else, such as an event of a socket. The run
   * gets a whole slice, so it posts no macrotask to mark the slice's end.
   */
  runInMacrotask(): void;
}

/**
 * The part of a loop that futures, tasks and everything above use. `BaseEventLoop` implements it.
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

  /**
   * Schedules a callback without checks. It runs in the host's context `flow`, by default that of
   * the loop.
   */
  _callSoon(callback: Callback<never>, args: readonly unknown[], flow?: Flow): Handle;
  /** Allocates a slot for `runnable`, which runs in the next turn. Returns its id. */
  _startNow(runnable: Runnable): number;
  /** Allocates a slot for `runnable`, which runs at the instant `when`. Returns its id. */
  _startTimer(runnable: Runnable, when: number): number;
  /** Captures the host's current context. Undefined without the option `asyncContext`. */
  readonly _snapshot: (() => Flow) | undefined;
  readonly _slots: Slots;
  /** The same as `_slots.core`, for the hot path. */
  readonly _core: Core;
  /** The number of pending waits that something outside the loop will end. */
  _external: number;
  /** The number of pending waits for an event, which the program itself may emit. */
  _events: number;
  /** Everything that is closed with the loop. */
  readonly _resources: Set<Resource>;
  /** Creates the tasks, if a task factory is set. */
  readonly _makeTask: ((body: never, options: object) => object) | undefined;
  /** Appends a slot to the ready queue, and wakes a sleeping loop. */
  _ready(id: number): void;
  /** Makes a task ready that waited, and has the default priority. */
  _wakeTask(id: number): void;
  /** Appends a slot to the ready queue with any priority, and wakes a sleeping loop. */
  _readyAt(id: number, priority: Priority): void;
  /** Wakes a sleeping loop, because something may be ready. */
  _wake(): void;
  /** Runs a sleeping loop directly when something arrives from outside. */
  readonly _pump: DirectEntry;
}

/** @throws TypeError unless `value` is an event loop of this copy of the package */
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
