// The strategies. Each is a plan: a sequence of runs to try.

import { ExhaustivePolicy } from "./exhaustivePolicy.ts";
import type { Policy } from "./exploringCore.ts";
import { PctPolicy, RandomPolicy, ScriptPolicy, seedOf } from "./policies.ts";

/** How the order of a run is chosen. */
export type Strategy = "random" | "pct" | "exhaustive";

/** A sequence of runs. */
export interface Plan {
  /** The policy of the next run. */
  readonly policy: Policy;
  /** At which suspension or await the next run cancels, counted from 1; 0 if it doesn't cancel. */
  readonly cancelAt: number;
  /**
   * Proceeds to the next run, given the number of choices and suspensions in the last one. Returns
   * false if nothing new is left to try.
   */
  advance(choices: number, suspensions: number): boolean;
  /** Describes how the program differed from an earlier run; undefined if it did not. */
  readonly mismatch: string | undefined;
}

interface PlanOptions {
  readonly strategy: Strategy;
  readonly seed: number;
  /** For `"exhaustive"`: the maximum number of preemptions in a run. */
  readonly maxPreemptions: number;
  /** For `"pct"`: the maximum number of switches that trigger a bug, plus one. */
  readonly depth: number;
  /** Whether some runs cancel, as `cancelPoints` of `explore` says. */
  readonly cancels: boolean;
}

export function planOf(options: PlanOptions): Plan {
  return options.strategy === "exhaustive" ? new WalkPlan(options) : new RandomPlan(options);
}

/** Independent runs. The first one is in FIFO order. */
class RandomPlan implements Plan {
  readonly mismatch = undefined;
  policy: Policy = new ScriptPolicy([]);
  cancelAt = 0;
  readonly #options: PlanOptions;
  #run = 0;
  #choices = 0;
  #suspensions = 0;

  constructor(options: PlanOptions) {
    this.#options = options;
  }

  advance(choices: number, suspensions: number): boolean {
    const { strategy, seed, depth, cancels } = this.#options;
    this.#choices += choices;
    this.#suspensions = Math.max(this.#suspensions, suspensions);
    // If there was never a choice, runs differ only in the suspension at which they cancel, and
    // the last run cancelled at the last one.
    if (this.#choices === 0 && this.cancelAt === this.#suspensions) return false;
    this.#run++;
    const runSeed = seedOf(seed, this.#run);
    this.policy =
      strategy === "pct"
        ? new PctPolicy(runSeed, 1 + (this.#run % depth), this.#length())
        : new RandomPolicy(runSeed);
    if (cancels) this.cancelAt = this.#run % (this.#suspensions + 1);
    return true;
  }

  /**
   * Estimates the number of choices in a run, with a margin. One very long run has little weight.
   */
  #length(): number {
    return (1.5 * this.#choices) / this.#run + 1;
  }
}

/**
 * All schedules: first without a cancellation, then with one at the first suspension, and so on.
 */
class WalkPlan implements Plan {
  policy: ExhaustivePolicy;
  cancelAt = 0;
  readonly #options: PlanOptions;
  #suspensions = 0;

  constructor(options: PlanOptions) {
    this.#options = options;
    this.policy = new ExhaustivePolicy(options.maxPreemptions);
  }

  get mismatch(): string | undefined {
    return this.policy.mismatch;
  }

  advance(_choices: number, suspensions: number): boolean {
    this.#suspensions = Math.max(this.#suspensions, suspensions);
    if (this.policy.advance()) return true;
    if (!this.#options.cancels || this.cancelAt >= this.#suspensions) return false;
    this.cancelAt++;
    this.policy = new ExhaustivePolicy(this.#options.maxPreemptions);
    return true;
  }
}
