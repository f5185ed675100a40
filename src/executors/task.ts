// What other threads are told to call: functions do not cross from one to another, so it is said where they are.

import type { TaskMark, TaskReference, ThreadTask } from "../executing.ts";
import { checkFunction, checkString, describe } from "../loop/arguments.ts";
import { hasTag } from "../loop/brands.ts";

/** Where a function is exported. */
export interface Place {
  readonly url: string;
  readonly name: string;
}

type AnyFunction = (...args: never[]) => unknown;

const places = /* @__PURE__ */ new WeakMap<AnyFunction, Place>();

/**
 * Says where a function is exported, so that another thread can import and call it: `toThread(fn, ...args)`. Returns `fn`.
 *
 * It may be an ordinary function, an async one or a coroutine function. The module is loaded anew in each thread, and
 * shares no variables with this one: keep it small, and free of what must not happen twice.
 *
 * @param url the URL of the module: `import.meta.url`. A bundler that moves the function into another module has to be
 * told the new one.
 * @param name the name under which the module exports it.
 * @throws TypeError if `url` or `name` is no string, or `fn` no function.
 * @example
 * export const fib = defineTask(import.meta.url, "fib", (n: number): number => {
 *   return n < 2 ? n : fib(n - 1) + fib(n - 2);
 * });
 */
export function defineTask<F extends AnyFunction>(url: string, name: string, fn: F): F & TaskMark {
  checkString("url", url);
  checkString("name", name);
  checkFunction("fn", fn);
  places.set(fn, { url, name });
  return fn as F & TaskMark;
}

/** Where `task` is exported. @throws TypeError if nobody can tell */
export function placeOf(task: ThreadTask): Place {
  if (typeof task === "function") {
    const place = places.get(task);
    if (place !== undefined) return place;
    throw new TypeError(
      `Expected \`task\` to be made by \`defineTask\`, got ${describe(task)}. A function cannot move to another thread, ` +
        "which has to know where to import it from",
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
