// Policies: how to choose among the ready entries.

import { SLOT_MASK } from "../core/core.ts";
import type { Policy } from "./exploringCore.ts";

/** A seeded pseudorandom number generator: mulberry32. */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed | 0;
  }

  /** Returns an integer from 0 to `end - 1`. */
  below(end: number): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let t = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 2 ** 32) * end);
  }
}

/** Derives the seed of a run from that of the exploration. Consecutive runs get unrelated seeds. */
export function seedOf(seed: number, run: number): number {
  return Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) ^ Math.imul(run + 1, 0xc2b2ae35);
}

/** Mixed into the seed, to make the rarity of delays independent of the choices. */
const RARITY = 0x5eed;
/** Between one in 2 and one in 2 ** MAX_RARE awaits are delayed. */
const MAX_RARE = 4;

/** Chooses uniformly among all ready entries. */
export class RandomPolicy implements Policy {
  readonly #random: Random;
  /** One in this many awaits is delayed. Varies between runs, because some bugs need few delays. */
  readonly #rarity: number;

  constructor(seed: number) {
    this.#random = new Random(seed);
    this.#rarity = 2 ** (1 + new Random(seed ^ RARITY).below(MAX_RARE));
  }

  choose(ready: readonly number[]): number {
    return this.#random.below(ready.length);
  }

  chooseDelay(): number {
    return Number(this.#random.below(this.#rarity) === 0);
  }
}

/** Follows a list of choices, then FIFO order. */
export class ScriptPolicy implements Policy {
  readonly #script: readonly number[];
  #at = 0;

  constructor(script: readonly number[]) {
    this.#script = script;
  }

  choose(ready: readonly number[]): number {
    return this.#next(ready.length);
  }

  chooseDelay(): number {
    return this.#next(2);
  }

  #next(count: number): number {
    const choice = this.#script[this.#at++] ?? 0;
    // A script that is being simplified may no longer fit the program.
    return Math.min(choice, count - 1);
  }
}

/**
 * A task that runs this many times in a row while others are ready is assumed to poll, and gets the
 * lowest priority.
 */
const POLLING = 16;

/**
 * Gives each task a random priority, and lowers that of the running task at a few random steps.
 * Finds bugs that need few switches at the right steps, however long the program is.
 *
 * Burckhardt et al., "A Randomized Scheduler with Probabilistic Guarantees of Finding Bugs" (ASPLOS
 * 2010).
 */
export class PctPolicy implements Policy {
  readonly #random: Random;
  readonly #changes = new Set<number>();
  /** The priority of each slot. Random priorities are >= 0, lowered ones are negative. */
  readonly #priorities: number[] = [];
  #at = 0;
  #last: number | undefined;
  #inARow = 0;

  /**
   * @param depth the number of switches, plus one. @param length the number of choices in a run.
   */
  constructor(seed: number, depth: number, length: number) {
    this.#random = new Random(seed);
    for (let i = 1; i < depth; i++) this.#changes.add(this.#random.below(length));
  }

  choose(ready: readonly number[], current: number): number {
    const at = this.#at++;
    const last = ready[current];
    this.#inARow = last === this.#last ? this.#inARow + 1 : 0;
    this.#last = last;
    if (last !== undefined && (this.#changes.has(at) || this.#inARow === POLLING)) {
      this.#priorities[last & SLOT_MASK] = -1 - at;
    }
    let best = 0;
    for (let i = 1; i < ready.length; i++) {
      if (this.#priority(ready[i] as number) > this.#priority(ready[best] as number)) best = i;
    }
    return best;
  }

  /** Delays the awaits at the random steps. */
  chooseDelay(): number {
    return Number(this.#changes.has(this.#at++));
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
