import type { ExploreOptions } from "../../../src/testing.ts";

/** A small program of async functions with the kind of bug that a public package had. */
export interface AsyncAnimal {
  /** A part of the error's message. */
  readonly shows: string;
  readonly options?: ExploreOptions;
  /** Runs the program, with or without its bug. */
  program(isFixed: boolean): Promise<void>;
}

/** Waits for `delay` milliseconds, in place of real work. */
export function pause(delay: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, delay));
}

export function check(holds: boolean, message: string): void {
  if (!holds) throw new RangeError(message);
}
