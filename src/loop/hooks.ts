// The hooks of a loop.
//
// A loop without hooks has no `Hooks`, and code that would call a hook checks for that first. Every
// program ships this file, so it is kept small: it has functions instead of a class, and no list of
// the hooks' names.

import { SLOT_MASK } from "../core/core.ts";
import { checkFunction } from "../lang/arguments.ts";

/** Hooks by name. program/loopHooks.ts declares them for users. */
export type HookSet = Readonly<Record<string, ((a?: unknown, b?: unknown) => unknown) | undefined>>;

/** The hooks that one call of `instrument` has added. Another call may add the same ones. */
interface Installed {
  readonly loop: HookedLoop;
  /** Empty once these hooks have been removed. */
  hooks: HookSet;
}

/**
 * All hooks of a loop. The list is replaced as a whole, so that a step calls the same hooks at its
 * beginning and at its end.
 */
export type Hooks = readonly Installed[];

/** The part of `Slots` that is used here. */
interface HookedSlots {
  hooks: Hooks | undefined;
  deadlines: number[];
}

interface Runnables {
  readonly current: unknown;
  at(id: number): object;
}

/** The part of a loop that is used here. */
interface HookedLoop {
  readonly _slots: HookedSlots & Runnables;
  time(): number;
  callExceptionHandler(context: { readonly message: string; readonly exception: unknown }): void;
}

/** The part of a runnable that is used here. */
interface HookedRunnable {
  _run(): boolean;
  /** Only timeouts have this, because a hook may move them to a new id of the same slot. */
  _isAt?(id: number): boolean;
  done?(): boolean;
  /** Only callbacks have this. */
  readonly _id?: number;
  _inspect?(): { readonly on: { done(): boolean } | undefined };
}

/** The task that takes a step with hooks. Of several, the innermost. */
let stepping: unknown;

/** Adds hooks to a loop. Returns a function that removes them. */
export function instrument(loop: HookedLoop, hooks: HookSet): () => void {
  for (const name in hooks) if (hooks[name] !== undefined) checkFunction(name, hooks[name]);
  const installed: Installed = { loop, hooks };
  loop._slots.hooks = [...(loop._slots.hooks ?? []), installed];
  return () => remove(installed);
}

function remove(installed: Installed): void {
  installed.hooks = {};
  const { _slots } = installed.loop;
  const others = _slots.hooks?.filter((other) => other !== installed);
  _slots.hooks = others?.[0] && others;
  if (_slots.hooks === undefined) _slots.deadlines = [];
}

/**
 * Calls the hooks named `name`. If one throws, removes all hooks that were added by the same call
 * of `instrument`.
 */
export function emit(hooks: Hooks, name: string, a?: unknown, b?: unknown): void {
  for (const installed of hooks) {
    try {
      installed.hooks[name]?.(a, b);
    } catch (exception) {
      fail(installed, name, exception);
    }
  }
}

// `emit` for the most frequent hooks. Engines inline a call of a property whose name is constant,
// but only in a function that knows few names.

function emitStep(hooks: Hooks, name: "stepBegins" | "stepEnds", task: unknown): void {
  for (const installed of hooks) {
    try {
      if (name === "stepBegins") installed.hooks["stepBegins"]?.(task);
      else installed.hooks["stepEnds"]?.(task);
    } catch (exception) {
      fail(installed, name, exception);
    }
  }
}

function emitWait(hooks: Hooks, name: "taskWaits" | "taskWakes", task: unknown, b: unknown): void {
  for (const installed of hooks) {
    try {
      if (name === "taskWaits") installed.hooks["taskWaits"]?.(task, b);
      else installed.hooks["taskWakes"]?.(task, b);
    } catch (exception) {
      fail(installed, name, exception);
    }
  }
}

function emitCallback(
  hooks: Hooks,
  name: "callbackBegins" | "callbackEnds",
  handle: unknown,
): void {
  for (const installed of hooks) {
    try {
      if (name === "callbackBegins") installed.hooks["callbackBegins"]?.(handle);
      else installed.hooks["callbackEnds"]?.(handle);
    } catch (exception) {
      fail(installed, name, exception);
    }
  }
}

export function emitTurn(hooks: Hooks, ready: number): void {
  for (const installed of hooks) {
    try {
      installed.hooks["turnBegins"]?.(ready);
    } catch (exception) {
      fail(installed, "turnBegins", exception);
    }
  }
}

function fail(installed: Installed, name: string, exception: unknown): void {
  remove(installed);
  const message = `The hook \`${name}\` threw and was removed`;
  installed.loop.callExceptionHandler({ message, exception });
}

/** Takes a step of a task with its hooks. Returns whether the task is ready again. */
export function stepWithHooks(hooks: Hooks, task: HookedRunnable): boolean {
  emitStep(hooks, "stepBegins", task);
  const outer = stepping;
  stepping = task;
  let again = false;
  try {
    again = task._run();
  } finally {
    emitStep(hooks, "stepEnds", task);
    stepping = outer;
    if (!again) stepEnded(hooks, task);
  }
  return again;
}

/** Called if a task isn't ready after a step. Reports that the task waits or has ended. */
function stepEnded(hooks: Hooks, task: HookedRunnable): void {
  const on = task._inspect?.().on;
  if (on?.done() === false) emitWait(hooks, "taskWaits", task, on);
  if (task.done?.()) emit(hooks, "taskEnds", task);
}

/**
 * Runs a runnable that isn't a task, with its hooks: a callback, or the timer of a sleep or a
 * timeout. Doesn't run it if a hook has just cancelled it. Returns whether it is ready again.
 */
export function callWithHooks(hooks: Hooks, handle: HookedRunnable, id: number): boolean {
  const { loop } = hooks[0] as Installed;
  const when = takeDeadline(loop._slots, id);
  if (when !== undefined) emit(hooks, "timerFired", loop.time() - when);
  const isCallback = handle._id !== undefined;
  if (isCallback) emitCallback(hooks, "callbackBegins", handle);
  // The hooks `timerBegins` and `timerEnds` are undocumented. Only `measureSteps` uses them.
  else emit(hooks, "timerBegins", handle);
  try {
    return loop._slots.at(id) === handle && handle._isAt?.(id) !== false && handle._run();
  } finally {
    if (isCallback) emitCallback(hooks, "callbackEnds", handle);
    else emit(hooks, "timerEnds", handle);
  }
}

export function noteWake(hooks: Hooks, task: object, by: unknown): void {
  // A wait that ends in the step in which it began was not announced by `taskWaits`.
  if (stepping !== task) emitWait(hooks, "taskWakes", task, by);
}

/** Like `noteWake`, for the task of an id. */
export function noteWakeOf(slots: HookedSlots & Runnables, id: number): void {
  if (slots.hooks !== undefined) noteWake(slots.hooks, slots.at(id), slots.current);
}

export function noteTimer(slots: HookedSlots, id: number, when: number): void {
  const { hooks, deadlines } = slots;
  if (hooks === undefined) return;
  // NaN means that there is no deadline. With `undefined`, the engine would store an object per
  // number.
  while (deadlines.length <= (id & SLOT_MASK)) deadlines.push(Number.NaN);
  deadlines[id & SLOT_MASK] = when;
  emit(hooks, "timerAdded", when);
}

/** Reports a timer that is removed before it is due. */
export function noteRemoved(slots: HookedSlots, id: number): void {
  if (slots.hooks === undefined || takeDeadline(slots, id) === undefined) return;
  emit(slots.hooks, "timerRemoved");
}

/**
 * Returns the deadline of a timer, and forgets it. Returns undefined if `id` isn't that of a timer,
 * or if the timer was added while the loop had no hooks.
 */
function takeDeadline({ deadlines }: HookedSlots, id: number): number | undefined {
  const when = deadlines[id & SLOT_MASK];
  if (when === undefined || Number.isNaN(when)) return undefined;
  deadlines[id & SLOT_MASK] = Number.NaN;
  return when;
}
