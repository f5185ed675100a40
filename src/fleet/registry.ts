// The functions that a worker can call, by name. `startWorker` takes them from modules. The
// in-memory engine adds a function when a program calls it.

import { knownLocation, type TaskLocation } from "../executors/task.ts";
import type { AnyFunction } from "../executors/work.ts";
import { checkFunction, wrongType } from "../lang/arguments.ts";
import { ContextVar } from "../loop/context.ts";
import { isCoroutineFunction } from "../tasks/kernel/coroutine.ts";
import { taskNameOf } from "./taskNames.ts";

/** A function that a worker can call. */
export interface Registered {
  readonly fn: AnyFunction;
  /** Where threads import it from; undefined if it runs only on a loop in this process. */
  readonly location: TaskLocation | undefined;
  /** Whether it may share a loop with other calls, because it waits rather than computes. */
  readonly isAsync: boolean;
}

/** A module that exports tasks. A task itself is accepted too. */
export type TaskModule = object;

export class TaskRegistry {
  readonly #tasks = new Map<string, Registered>();
  readonly #variables = new Map<string, ContextVar<unknown>>();
  /** The URLs of the modules in which threads look for context variables. */
  readonly variableModules = new Set<string>();

  /** The names of all tasks. */
  get names(): string[] {
    return [...this.#tasks.keys()];
  }

  get(name: string): Registered | undefined {
    return this.#tasks.get(name);
  }

  /** Returns the context variable with that name, if known. */
  variable(name: string): ContextVar<unknown> | undefined {
    return this.#variables.get(name);
  }

  addVariable(variable: ContextVar<unknown>): void {
    this.#variables.set(variable.name, variable);
  }

  addFunction(name: string, fn: (...args: never[]) => unknown): void {
    checkFunction("fn", fn);
    const any = fn as AnyFunction;
    this.#tasks.set(name, { fn: any, location: undefined, isAsync: isAsync(any) });
  }

  /**
   * Adds all tasks and context variables that a module exports.
   *
   * @throws TypeError if it exports no tasks.
   * @throws RangeError if two functions have the same name.
   */
  addModule(name: string, module: unknown): void {
    const exported = typeof module === "function" ? [module] : valuesOf(name, module);
    const hasVariables = exported.some((value) => value instanceof ContextVar);
    let count = 0;
    for (const value of exported) {
      if (value instanceof ContextVar) this.addVariable(value);
      const location = knownLocation(value);
      if (location === undefined) continue;
      count++;
      // The module's own URL is unknown, but it is usually that of its tasks.
      if (hasVariables) this.variableModules.add(location.url);
      this.#add(value as AnyFunction, location);
    }
    if (count > 0) return;
    throw new TypeError(
      `Expected \`${name}\` to export functions made by \`defineTask\`, found none among ${exported.length} exports`,
    );
  }

  #add(fn: AnyFunction, location: TaskLocation): void {
    const name = taskNameOf(location);
    const other = this.#tasks.get(name);
    if (other !== undefined && other.fn !== fn) {
      throw new RangeError(
        `Two tasks are called \`${name}\`: ${other.location?.url} and ${location.url}. ` +
          "Give one of them another name: `defineTask(url, name, fn, { id })`",
      );
    }
    this.#tasks.set(name, { fn, location, isAsync: isAsync(fn) });
  }
}

function valuesOf(name: string, module: unknown): unknown[] {
  if (typeof module !== "object" || module === null) {
    throw wrongType(name, "a module, or a function made by `defineTask`", module);
  }
  return Object.values(module);
}

/** Whether `fn` is known to return a coroutine or a promise, without calling it. */
function isAsync(fn: AnyFunction): boolean {
  return isCoroutineFunction(fn) || Object.prototype.toString.call(fn) === "[object AsyncFunction]";
}
