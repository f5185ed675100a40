// A small program with a bug that only some orders show, and its fixed version.

import type { Coroutine } from "../../../src/index.ts";
import type { ExploreOptions } from "../../../src/testing.ts";

export interface Animal {
  /** The program. `isFixed` selects the version. Called again for each run. */
  program(isFixed: boolean): Coroutine<unknown>;
  /** How to explore it, besides the strategy. */
  readonly options?: ExploreOptions;
  /** Words from the error of the broken version. */
  readonly shows: string;
}

/** @throws an error with these words unless the condition holds */
export function check(holds: boolean, words: string): void {
  if (!holds) throw new Error(words);
}
