// A small program with a bug that only some orders show, and the same program without it.

import type { Coroutine } from "../../../src/index.ts";
import type { ExploreOptions } from "../../../src/testing.ts";

export interface Animal {
  /** The program; `isFixed` says which of the two. Called anew for each run. */
  program(isFixed: boolean): Coroutine<unknown>;
  /** How it is to be explored, besides the strategy. */
  readonly options?: ExploreOptions;
  /** Words of the error that the broken one ends with. */
  readonly shows: string;
}

/** @throws an error with these words unless it holds */
export function check(holds: boolean, words: string): void {
  if (!holds) throw new Error(words);
}
