// Lets debuggers show, below the stack of a step, where its task was created.

import { checkOptions } from "../lang/arguments.ts";
import { RuntimeError } from "../lang/errors.ts";
import { currentScheduler } from "../loop/current.ts";
import { type HookSet, instrument } from "../loop/hooks.ts";
import { checkLoop, type Scheduler } from "../loop/scheduler.ts";
import type { LoopHooks } from "../program/loopHooks.ts";
import type { Task } from "../tasks/kernel/task.ts";

/** The options of `asyncStacks`. */
export interface StackOptions {
  /** The loop whose tasks get longer stacks; by default the running one. */
  readonly loop?: Scheduler | undefined;
}

/**
 * What `console.createTask` returns. Below the stack of a callback of `run`, debuggers show the
 * stack of the call of `createTask`.
 */
interface ConsoleTask {
  run<R>(callback: () => R): R;
}

interface ConsoleWithTasks {
  createTask?(name: string): ConsoleTask;
}

/**
 * Lets debuggers show where a task was created, below the stack of each of its steps: in Chrome and
 * Edge, and in DevTools that are attached to Node. Applies to the tasks that are created from now
 * on, and costs a few microseconds for each of them, whether or not a debugger is attached.
 *
 * Returns a function that turns this off, for existing tasks too.
 *
 * @throws TypeError if an option is invalid.
 * @throws RuntimeError if no loop is given and none is running, or if the platform lacks
 * `console.createTask`, as Firefox and Safari do.
 */
export function asyncStacks(options: StackOptions = {}): () => void {
  checkOptions(options);
  const { loop = currentScheduler("asyncStacks()") } = options;
  checkLoop(loop);
  const taskConsole = console as ConsoleWithTasks;
  if (taskConsole.createTask === undefined) {
    throw new RuntimeError("asyncStacks() needs `console.createTask`, which this platform lacks");
  }
  let isOn = true;
  const hooks: LoopHooks = {
    taskStarted: (task) => {
      const created = taskConsole.createTask?.(task.getName());
      if (created !== undefined) runStepsIn(created, task, () => isOn);
    },
  };
  const remove = instrument(loop, hooks as HookSet);
  return () => {
    isOn = false;
    remove();
  };
}

/**
 * Makes each step of a task run in `created`. No hook can do that, because hooks are called before
 * and after a step, so this replaces `_run` of this one task.
 */
function runStepsIn(created: ConsoleTask, task: Task<unknown>, isOn: () => boolean): void {
  const { _run: run } = task;
  const inCreated = (): boolean => {
    if (isOn()) return created.run(() => run.call(task));
    Reflect.deleteProperty(task, "_run");
    return task._run();
  };
  Object.defineProperty(task, "_run", { value: inCreated, configurable: true });
}
