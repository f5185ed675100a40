// Which of the ready entries comes next: the ways to choose.

import { SLOT_MASK } from "../core/core.ts";
import type { Policy } from "./exploringCore.ts";

/** Numbers that look random, from a seed: mulberry32. */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed | 0;
  }

  /** A whole number below `end`. */
  below(end: number): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let t = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 2 ** 32) * end);
  }
}

/** The seed of the run number `run`: neighbours must not look alike. */
export function seedOf(seed: number, run: number): number {
  return Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) ^ Math.imul(run + 1, 0xc2b2ae35);
}

/** Chooses each time among all, with equal chances. */
export class RandomPolicy implements Policy {
  readonly #random: Random;

  constructor(seed: number) {
    this.#random = new Random(seed);
  }

  choose(ready: readonly number[]): number {
    return this.#random.below(ready.length);
  }
}

/** Chooses what a list says, and then whoever is first. */
export class ScriptPolicy implements Policy {
  readonly #script: readonly number[];
  #at = 0;

  constructor(script: readonly number[]) {
    this.#script = script;
  }

  choose(ready: readonly number[]): number {
    const choice = this.#script[this.#at++] ?? 0;
    // A script that is being shrunk need not fit any more.
    return Math.min(choice, ready.length - 1);
  }
}

/** Who has gone on so often although others were ready waits for them in a loop, and comes last from now on. */
const PATIENCE = 16;

/**
 * Gives everybody a random priority, and lowers that of who runs at a few random places: finds what takes few switches
 * at the right places, however long the program is.
 *
 * Burckhardt et al., "A Randomized Scheduler with Probabilistic Guarantees of Finding Bugs" (ASPLOS 2010).
 */
export class PctPolicy implements Policy {
  readonly #random: Random;
  readonly #changes = new Set<number>();
  /** By slot, from 0 on; negative ones were lowered. */
  readonly #priorities: number[] = [];
  #at = 0;
  #last: number | undefined;
  #inARow = 0;

  /** @param depth how many switches the bug takes, plus one. @param length how many choices a run has. */
  constructor(seed: number, depth: number, length: number) {
    this.#random = new Random(seed);
    for (let i = 1; i < depth; i++) this.#changes.add(this.#random.below(length));
  }

  choose(ready: readonly number[], current: number): number {
    const at = this.#at++;
    const last = ready[current];
    this.#inARow = last === this.#last ? this.#inARow + 1 : 0;
    this.#last = last;
    if (last !== undefined && (this.#changes.has(at) || this.#inARow === PATIENCE)) {
      this.#priorities[last & SLOT_MASK] = -1 - at;
    }
    let best = 0;
    for (let i = 1; i < ready.length; i++) {
      if (this.#priority(ready[i] as number) > this.#priority(ready[best] as number)) best = i;
    }
    return best;
  }

  #priority(id: number): number {
    const slot = id & SLOT_MASK;
    const known = this.#priorities[slot];
    if (known !== undefined) return known;
    const priority = this.#random.below(2 ** 30);
    this.#priorities[slot] = priority;
    return priority;
  }
}

/** Says that a program is not the same each time. */
export function differs(choice: number, before: string, now: string): string {
  return (
    `\`main\` is not deterministic, or not the same as before: at choice ${choice + 1} ${before} then, and ${now} now. ` +
    "Look for Date.now(), Math.random(), promises, and what one run leaves to the next"
  );
}
