// The failures of a run, and the errors that describe them.

import {
  awaitedOf,
  describePlace,
  type Naming,
  Numbering,
  waitForGraph,
} from "../debug/waitForGraph.ts";
import { DeadlockError, RuntimeError } from "../lang/errors.ts";
import { heldOn } from "../loop/holders.ts";
import type { Scheduler } from "../loop/scheduler.ts";
import { allTasks } from "../tasks/currentTask.ts";
import type { OutsideSource } from "./host/outsideSource.ts";

type FailureKind = "failed" | "deadlock" | "livelock" | "leak" | "held" | "unretrieved";

export const HOW_TO_RELEASE =
  "Release them in a `finally` block, or acquire them with `using _ = yield* lock.hold()`";

/** Why a run failed. */
export interface Failure {
  readonly kind: FailureKind;
  readonly error: unknown;
}

/**
 * Returns the failure of a run in which nothing can run.
 * @param patience how long the run waited for something outside the loop, in milliseconds.
 */
export function deadlockFailure(loop: Scheduler, naming: Naming, patience: number): Failure {
  const external = loop._external + loop._events;
  const reason =
    external === 0
      ? "nothing is ready and no timer is pending"
      : `${external === 1 ? "one wait" : `${external} waits`} for something outside the loop ` +
        `did not end within ${patience} ms`;
  const { text, waits } = waitForGraph(loop, naming);
  const error = new DeadlockError(`Deadlock: ${reason}, while these tasks wait:${text}`, waits);
  return { kind: "deadlock", error };
}

/**
 * Returns the failure of a deadlocked run of async functions.
 * @param waiting the awaits that are pending, if they are known.
 */
export function asyncDeadlockFailure(
  loop: Scheduler,
  naming: Naming,
  waiting: readonly string[] = [],
): Failure {
  const { text, waits } = waitForGraph(loop, naming);
  const lines = waiting.map((place) => `\n    ${place}`);
  const tasks = waits.length < 2 ? "" : `\nThe loop's tasks:${text}`;
  const error = new DeadlockError(
    "Deadlock: nothing is ready and no timer is pending, while " +
      (lines.length > 0
        ? `these functions wait:${lines.join("")}${tasks}`
        : "`main` waits. To list the pending awaits here, mark them with a plugin such as " +
          `\`mysyncio/vite\`.${tasks}`),
    waits,
  );
  return { kind: "deadlock", error };
}

/** Returns the failure of a run that took too many steps. */
export function livelockFailure(steps: number): Failure {
  const error = new RuntimeError(
    `\`main\` is still running after ${steps} steps, the second half of them in FIFO order. ` +
      "A task may be polling for something that never happens. If not, raise `maxSteps`.",
  );
  return { kind: "livelock", error };
}

/** Returns the failure of a run whose `main` ended before its tasks. */
export function leakFailure(loop: Scheduler, naming: Naming, hasOptions: boolean): Failure {
  const { text } = waitForGraph(loop, naming);
  const error = new RuntimeError(
    "`main` ended while these tasks were still running. Await them, or create them in a " +
      `\`taskGroup\`.${hasOptions ? " To cancel them instead, pass `leaks: false`." : ""}${text}`,
  );
  return { kind: "leak", error };
}

/** Returns the failure of a run that left locks or permits held, if any are. */
export function heldFailure(
  loop: Scheduler,
  naming: Naming,
  hasOptions: boolean,
): Failure | undefined {
  const held = describeHeld(loop, naming);
  if (held === "") return undefined;
  const error = new RuntimeError(
    "`main` ended without releasing these locks or permits. " +
      `${HOW_TO_RELEASE}.${hasOptions ? " To allow this, pass `heldLocks: false`." : ""}${held}`,
  );
  return { kind: "held", error };
}

/** Returns a line for each lock or permit that is held on `loop`. */
export function describeHeld(loop: Scheduler, naming: Naming): string {
  const numbering = new Numbering();
  const lines = heldOn(loop).map(({ primitive, kind, by }) => {
    const holder = by === undefined ? "code outside any loop" : naming(by);
    return `\n    ${numbering.nameOf(primitive, kind)}, acquired by ${holder}`;
  });
  return lines.join("");
}

/** Returns a line for each outside resource that a run of async functions has used. */
export function describeOutside(
  sources: ReadonlyMap<string, OutsideSource>,
  hasArrivals: boolean,
): string[] {
  const lines = [...sources.values()].map(({ name, place }) =>
    place === undefined ? `    ${name}` : `    ${name}, used in ${place}`,
  );
  if (lines.length === 0 && hasArrivals) return ["    something that the host doesn't report"];
  return [...new Set(lines)];
}

/** Returns a line for each task that waits for something outside the loop. */
export function describeOutsideWaits(loop: Scheduler, naming: Naming): string[] {
  const lines: string[] = [];
  for (const task of allTasks(loop)) {
    const awaited = awaitedOf(task);
    if (awaited === undefined || awaited.tasks.length + awaited.resources.size > 0) continue;
    const { at } = task._inspect();
    const where = at === undefined ? "" : ` in ${describePlace(at)}`;
    lines.push(`    ${naming(task)} waits for ${awaited.future._describe()}${where}`);
  }
  return lines.length > 0 ? lines : ["    No task waits for it directly."];
}
