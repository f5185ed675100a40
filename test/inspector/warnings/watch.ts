// Runs programs on a virtual loop that looks for warnings.

import {
  type Coroutine,
  createTask,
  type EventLoop,
  type LoopWarning,
  sleep,
} from "../../../src/index.ts";
import { warnings } from "../../../src/inspector.ts";
import { newVirtualLoop } from "../../support/virtualLoop.ts";

/** The kinds of warnings that a busy machine causes by itself. */
const IN_REAL_TIME = ["slow-step", "not-yielding"];

/** A program under test. `found` returns the warnings at that moment. */
export type Program = (loop: EventLoop, found: () => readonly LoopWarning[]) => Coroutine<unknown>;

/**
 * Runs a program, and looks for warnings a second after it has returned. The tasks that it has
 * started continue during that second.
 */
export function warningsOf(
  program: Program,
  options: { readonly debug?: boolean } = {},
): LoopWarning[] {
  const loop = newVirtualLoop(options);
  loop.setExceptionHandler(() => undefined);
  try {
    return loop.runUntilCompleteSync(function* () {
      warnings(loop);
      yield* program(loop, () => warnings(loop));
      yield* sleep(1_000);
      return warnings(loop)
        .filter(({ id }) => !IN_REAL_TIME.includes(id))
        .map(renumbered);
    });
  } finally {
    loop.close();
  }
}

/** The inspector numbers locks and queues of all loops together, and these texts count from 1. */
function renumbered(warning: LoopWarning): LoopWarning {
  const numbers: string[] = [];
  const inText = (text: string) =>
    text.replace(/\b([A-Z]\w+) (\d+)\b/g, (_, kind: string, number: string) => {
      if (!numbers.includes(number)) numbers.push(number);
      return `${kind} ${numbers.indexOf(number) + 1}`;
    });
  const { message, evidence, place } = warning;
  return { ...warning, message: inText(message), evidence: inText(evidence), place: inText(place) };
}

export function idsOf(program: Program): string[] {
  return warningsOf(program).map(({ id }) => id);
}

/** Starts a number of tasks, without awaiting them. */
export function startMany(count: number, body: (index: number) => Coroutine<unknown>): void {
  for (let index = 0; index < count; index++)
    createTask(() => body(index), { name: `worker-${index}` });
}
