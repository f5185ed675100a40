import type { HookSet } from "../../loop/hooks.ts";
import type { LoopHooks } from "../../program/loopHooks.ts";

/** The hooks that rules have. */
export type RuleHooks = Pick<
  LoopHooks,
  "stepBegins" | "stepEnds" | "taskWaits" | "taskWakes" | "taskEnds"
> &
  Pick<LoopHooks, "callbackBegins" | "callbackEnds" | "timerAdded" | "reports">;

/** Combines the hooks of rules into one set, which calls them in order. */
export function combined(all: readonly RuleHooks[]): HookSet {
  const lists = new Map<string, ((a: unknown, b: unknown) => void)[]>();
  for (const hooks of all as readonly HookSet[]) {
    for (const [name, hook] of Object.entries(hooks)) {
      if (hook === undefined) continue;
      const list = lists.get(name);
      if (list === undefined) lists.set(name, [hook]);
      else list.push(hook);
    }
  }
  return Object.fromEntries(
    [...lists].map(([name, list]) => [
      name,
      (a: unknown, b: unknown) => {
        for (const hook of list) hook(a, b);
      },
    ]),
  );
}
