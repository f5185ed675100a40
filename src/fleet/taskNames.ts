// The names by which workers look up functions. A name never says where to import a function from.

import { knownLocation, type TaskLocation } from "../executors/task.ts";
import { describe } from "../lang/arguments.ts";
import type { ThreadTask } from "../program/executorPort.ts";

/** Returns the `id` passed to `defineTask`. If there is none, returns `<file stem>#<name>`. */
export function taskNameOf({ url, name, id }: TaskLocation): string {
  if (id !== undefined) return id;
  const file = decoded(/[^/\\]*$/.exec(url.replace(/[?#].*$/s, ""))?.[0] ?? "");
  return `${file.replace(/\.[^.]*$/, "")}#${name}`;
}

/** Returns the name of `task`. @throws TypeError unless `task` was made by `defineTask`. */
export function taskName(task: ThreadTask): string {
  const location = knownLocation(task);
  if (location !== undefined) return taskNameOf(location);
  throw new TypeError(
    `Expected \`task\` to be made by \`defineTask\`, got ${describe(task)}. ` +
      "Workers look up functions by name",
  );
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
