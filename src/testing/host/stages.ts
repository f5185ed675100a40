// Which run is on stage: the run that the currently executing code belongs to.
//
// If the host has `AsyncLocalStorage` (Node, Bun, Deno), the run is stored there. The test runner,
// concurrent tests and other explorations can execute between the run's steps, and use the host's
// own functions.
//
// Otherwise, as in browsers, a variable holds the run from its start to its end, and only one run
// is active at a time. Other code that executes between two steps of the run is treated as part of
// the run. This is rare unless the run waits for something outside, because steps are posted with
// the highest priority.

import { type FlowStorage, newFlowStorage } from "../../loop/hosts/asyncContext.ts";
import type { RunStage } from "./runStage.ts";

interface StageStorage extends FlowStorage<RunStage> {
  run<R>(stage: RunStage, callback: () => R): R;
  exit<R>(callback: () => R): R;
  disable(): void;
}

let storage: StageStorage | undefined;
let users = 0;
/** The active run if the host has no `AsyncLocalStorage`. */
let only: RunStage | undefined;
/** The run that is ending, and only waits for the host to report its rejections. */
let ending: RunStage | undefined;
/**
 * Resolves when the last of the runs that have queued up ends. Used only if one run can be active
 * at a time.
 */
let ended: Promise<void> = Promise.resolve();

/**
 * Returns the run that the current code belongs to. That run may be over. If so, timers that this
 * code creates never fire.
 */
export function currentStage(): RunStage | undefined {
  return storage === undefined ? only : storage.getStore();
}

/** Returns the run that the rejection being reported by the host belongs to. */
export function stageOfRejection(): RunStage | undefined {
  return storage === undefined ? (only ?? ending) : storage.getStore();
}

/**
 * Starts tracking which code belongs to which run. The tracking ends when `closeStages` has been
 * called as often as this function.
 */
export function openStages(): void {
  if (users++ === 0) storage = newFlowStorage<RunStage>() as StageStorage | undefined;
}

export function closeStages(): void {
  if (--users > 0) return;
  // Disabled, because watching asynchronous contexts makes promises slower.
  storage?.disable();
  storage = undefined;
}

/** Calls `callback` as part of the run. */
export function onStage<R>(stage: RunStage, callback: () => R): R {
  if (storage !== undefined) return storage.run(stage, callback);
  only = stage;
  return callback();
}

/** Calls `callback` outside any run. */
export function offStage<R>(callback: () => R): R {
  return storage === undefined ? callback() : storage.exit(callback);
}

/**
 * Waits until no other run is active, if only one can be active at a time. Resolves with the
 * function to call at the end of the run.
 */
export async function enterAlone(): Promise<() => void> {
  if (storage !== undefined) return () => undefined;
  const before = ended;
  let leave: () => void = () => undefined;
  ended = new Promise((resolve) => {
    leave = () => {
      only = undefined;
      resolve();
    };
  });
  await before;
  return leave;
}

/**
 * Lets other code use the host's own functions again, while the host reports the run's last
 * rejections.
 */
export function retire(stage: RunStage): void {
  if (only !== stage) return;
  ending = stage;
  only = undefined;
}

/** Ends a run. */
export function leaveStage(stage: RunStage): void {
  if (only === stage) only = undefined;
  if (ending === stage) ending = undefined;
}
