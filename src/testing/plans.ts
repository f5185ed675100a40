// Which schedule comes next: the strategies, each as a plan of runs.

import { ExhaustivePolicy } from "./exhaustivePolicy.ts";
import type { Policy } from "./exploringCore.ts";
import { PctPolicy, RandomPolicy, ScriptPolicy, seedOf } from "./policies.ts";

/** How the order of a run is chosen. */
export type Strategy = "random" | "pct" | "exhaustive";

/** What there is to try. */
export interface Plan {
  /** The policy of the next run, and at which suspension it cancels. */
  readonly policy: Policy;
  readonly cancelAt: number;
  /** Goes to the next run, given how the last one was. Returns false if there is nothing new to try. */
  advance(choices: number, suspensions: number): boolean;
  /** What shows that the program is not the same each time. */
  readonly mismatch: string | undefined;
}

export interface PlanOptions {
  readonly strategy: Strategy;
  readonly seed: number;
  readonly maxPreemptions: number;
  readonly depth: number;
  /** Whether to cancel at each suspension. */
  readonly cancels: boolean;
}

export function planOf(options: PlanOptions): Plan {
  return options.strategy === "exhaustive" ? new WalkPlan(options) : new RandomPlan(options);
}

/** Runs that have nothing to do with each other. The first is first come, first served. */
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
    // Where nothing can be chosen, all runs are the same.
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

  /** How many choices a run may have: more than most, but one that is much longer must not count for all. */
  #length(): number {
    return (1.5 * this.#choices) / this.#run + 1;
  }
}

/** All schedules: without a cancel, then with one at the first suspension, and so on. */
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
