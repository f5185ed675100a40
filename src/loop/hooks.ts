// The hooks of a loop.
//
// A loop without hooks has no `Hooks`, and code that would call a hook checks for that first. Every
// program ships this file, so it is kept small: it has functions instead of a class, and no list of
// the hooks' names.

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

/** The part of a loop that is used here. */
interface HookedLoop {
  readonly _slots: { hooks: Hooks | undefined; at(id: number): unknown };
  time(): number;
  callExceptionHandler(context: { readonly message: string; readonly exception: unknown }): void;
}

/** The part of a runnable that is used here. */
interface HookedRunnable {
  _run(): boolean;
  done?(): boolean;
  /** Only callbacks have this. */
  readonly _id?: number;
  _inspect?(): { readonly on: { done(): boolean } | undefined };
}

/** The hooks around what runs. Their names are constants, because composing names takes time. */
const STEP = ["stepBegins", "stepEnds"] as const;
const CALLBACK = ["callbackBegins", "callbackEnds"] as const;
const TIMER = ["timerBegins", "timerEnds"] as const;

/** What is running with hooks, innermost last. */
const running: unknown[] = [];

/** The deadlines of the timers that were added while their loop had hooks. */
const deadlines = /* @__PURE__ */ new WeakMap<object, number>();

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
      remove(installed);
      const message = `The hook \`${name}\` threw and was removed`;
      installed.loop.callExceptionHandler({ message, exception });
    }
  }
}

/**
 * Runs a task or a callback with its hooks. Returns whether it is ready again. Doesn't run it if it
 * no longer has the slot `id`, because a hook has just cancelled it. The first step of an eager
 * task has no `id`, because no hook can cancel it.
 */
export function runWithHooks(hooks: Hooks, runnable: HookedRunnable, id = 0): boolean {
  const { loop } = hooks[0] as Installed;
  const isTask = runnable._inspect !== undefined;
  // Tasks are never timers. A task that sleeps waits for one.
  const when = isTask ? undefined : deadlines.get(runnable);
  if (when !== undefined) {
    deadlines.delete(runnable);
    emit(hooks, "timerFired", loop.time() - when);
  }
  // The hooks `timerBegins` and `timerEnds` are undocumented. Only `measureSteps` uses them.
  const [begins, ends] = isTask ? STEP : runnable._id ? CALLBACK : TIMER;
  emit(hooks, begins, runnable);
  running.push(runnable);
  try {
    return (id === 0 || loop._slots.at(id) === runnable) && runnable._run();
  } finally {
    emit(hooks, ends, runnable);
    running.pop();
    const on = runnable._inspect?.().on;
    if (on?.done() === false) emit(hooks, "taskWaits", runnable, on);
    if (isTask && runnable.done?.()) emit(hooks, "taskEnds", runnable);
  }
}

export function noteWake(hooks: Hooks, task: object, by: unknown): void {
  // A wait that ends in the step in which it began was not announced by `taskWaits`.
  if (!running.includes(task)) emit(hooks, "taskWakes", task, by);
}

export function noteTimer(hooks: Hooks | undefined, runnable: object, when: number): void {
  if (hooks === undefined) return;
  deadlines.set(runnable, when);
  emit(hooks, "timerAdded", when);
}

/** Reports a timer that is removed before it is due. */
export function noteRemoved(hooks: Hooks | undefined, runnable: object): void {
  if (hooks !== undefined && deadlines.delete(runnable)) emit(hooks, "timerRemoved");
}
