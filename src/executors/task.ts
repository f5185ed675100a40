// Tasks of executors, not of loops: functions whose module and name are known. Functions can't be
// sent to another thread, so the thread imports them.

import {
  checkFunction,
  checkOptions,
  checkString,
  describe,
  wrongType,
} from "../lang/arguments.ts";
import { hasTag } from "../lang/brands.ts";
import { OF_ANOTHER_COPY } from "../loop/registry.ts";
import type { TaskMark, TaskReference, ThreadTask } from "../program/executorPort.ts";

/** The module that exports a function, and the name of the export. */
export interface TaskLocation {
  readonly url: string;
  readonly name: string;
  /** The function's name in a fleet, if `defineTask` was given one. */
  readonly id?: string | undefined;
}

/** Options of `defineTask`. */
export interface DefineTaskOptions {
  /**
   * The function's name in a fleet, by default `<file>#<name>`. If workers of two versions may run
   * at the same time, give the versions of a function different ids, such as `"resize@2"`.
   */
  readonly id?: string | undefined;
}

type AnyFunction = (...args: never[]) => unknown;

const taskLocations = /* @__PURE__ */ new WeakMap<AnyFunction, TaskLocation>();

/**
 * Declares where a function is exported, so that another thread can import and call it:
 * `toThread(fn, ...args)`. Returns `fn`.
 *
 * The function may be an ordinary, async or coroutine function. Each thread loads the module again
 * and shares no variables with other threads, so keep the module small and free of side effects.
 *
 * @param url the URL of the module: `import.meta.url`. If a bundler moves the function into another
 * module, pass that module's URL.
 * @param name the name under which the module exports the function.
 * @param options.id the function's name in a fleet, by default `<file>#<name>`.
 * @throws TypeError if `url`, `name` or `id` is not a string, `id` is empty, or `fn` is not a
 * function.
 * @example
 * export const fib = defineTask(import.meta.url, "fib", (n: number): number => {
 *   return n < 2 ? n : fib(n - 1) + fib(n - 2);
 * });
 */
export function defineTask<F extends AnyFunction>(
  url: string,
  name: string,
  fn: F,
  options: DefineTaskOptions = {},
): F & TaskMark {
  checkString("url", url);
  checkString("name", name);
  checkFunction("fn", fn);
  checkOptions(options);
  const { id } = options;
  if (id !== undefined) {
    checkString("id", id);
    if (id === "") throw wrongType("id", "a non-empty string", id);
  }
  taskLocations.set(fn, id === undefined ? { url, name } : { url, name, id });
  // The mark only improves an error message, so it doesn't matter that a frozen function can't get
  // it.
  Reflect.defineProperty(fn, MARK, { value: true, configurable: true });
  return fn as F & TaskMark;
}

/** The mark that `defineTask` sets on functions, in every copy of this package. */
const MARK = /* @__PURE__ */ Symbol.for("mysyncio.task");

/** Returns the location that `defineTask` recorded for a function; undefined if there is none. */
export function knownLocation(fn: unknown): TaskLocation | undefined {
  return typeof fn === "function" ? taskLocations.get(fn as AnyFunction) : undefined;
}

/** Returns the location of `task`. @throws TypeError if it is unknown. */
export function locationOf(task: ThreadTask): TaskLocation {
  if (typeof task === "function") {
    const location = taskLocations.get(task);
    if (location !== undefined) return location;
    if (MARK in task) throw new TypeError(`The \`defineTask\` of \`task\`${OF_ANOTHER_COPY}`);
    throw new TypeError(
      `Expected \`task\` to be made by \`defineTask\`, got ${describe(task)}. Functions can't be sent to another ` +
        "thread. The thread imports them, so it must know from where",
    );
  }
  const { url, name = "default" } = (task ?? {}) as Partial<TaskReference>;
  if ((typeof url === "string" || hasTag(url, "URL")) && typeof name === "string") {
    return { url: String(url), name };
  }
  throw new TypeError(
    `Expected \`task\` to be made by \`defineTask\`, or { url, name } of an export, got ${describe(task)}`,
  );
}
