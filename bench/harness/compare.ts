// Measures speed as a ratio: mysyncio and its rivals run alternately in the same process, so that a
// noisy machine disturbs all of them alike.
//
// The ratio is taken within each round, and the median of these ratios counts. Two consecutive runs
// have the same conditions, which two medians over a minute need not have. The spread of the ratio
// shows how much to trust it.

import type { PeerWork } from "../peers/peer.ts";
import { type Summary, summarize } from "./statistics.ts";
import { type Aim, meets, type Target, targetOf, targetText } from "./targets.ts";

/** One way to do a row's work. Timed from the call until its result has settled. */
export interface Contestant {
  readonly name: string;
  run(): unknown;
  /** Preparation before each run, which is not timed. */
  prepare?(): unknown;
  /** The garbage that is collected before each run. By default only young garbage. */
  readonly collects?: "everything";
}

/** Someone else who does the work. */
export interface Other extends Contestant, Aim {
  /** What this one can't do, unlike mysyncio. Shown if it is faster. */
  readonly lacks?: string;
  /**
   * Whether this is the least that the work takes with generators. Targets that it misses too are
   * out of reach.
   */
  readonly isLimit?: true;
  /** Whether this is mysyncio in another way, whose target has no limit. */
  readonly isOurs?: true;
}

/** A row: the same work, done by mysyncio and by others. */
export interface Comparison {
  readonly what: string;
  /** The number of operations of one run. */
  readonly operations: number;
  readonly ours: Contestant;
  readonly others: readonly Other[];
  /** The same work, as requested from other libraries. */
  readonly peers?: PeerWork;
}

/** A row without rivals: a figure, with the bound it must keep. */
export interface Figure {
  readonly what: string;
  /** Undefined where it is not available. Then `note` gives the reason. */
  readonly value: number | undefined;
  readonly unit: string;
  readonly atMost?: number;
  readonly atLeast?: number;
  readonly note?: string;
}

/** A cost as a function of a size. */
export interface Curve {
  readonly what: string;
  /** The unit of the sizes, such as "tasks". */
  readonly of: string;
  readonly unit: string;
  readonly sizes: readonly number[];
  readonly lines: readonly { readonly name: string; readonly values: readonly number[] }[];
}

/** Results that are not measured row by row. */
export interface Measured {
  readonly outcomes?: readonly Outcome[];
  readonly figures?: readonly Figure[];
  readonly curves?: readonly Curve[];
}

/** The default export of a case file. */
export interface Case {
  readonly name: string;
  readonly question: string;
  readonly comparisons?: readonly Comparison[];
  /** The maximum number of rounds of a slow case. */
  readonly rounds?: number;
  measure?(rounds: number): Promise<Measured>;
  /** Ends everything that would keep the process alive. */
  close?(): unknown;
}

/** The times of one contestant, in nanoseconds per operation. */
export interface Timing extends Summary {
  readonly name: string;
}

export interface Rival extends Timing {
  readonly rounds: number;
  /** In the form that users read: how many times as fast, or how many times the cost. */
  readonly ratio: Summary;
  readonly target: Target;
  /** The ratio that bare generators reach in the same rounds. Undefined without a target. */
  readonly limit?: Summary;
  readonly lacks?: string;
}

export interface Outcome {
  readonly what: string;
  readonly rounds: number;
  readonly ours: Timing;
  readonly others: readonly Rival[];
  /** The names of contestants that cannot do this work. */
  readonly unable?: readonly string[];
}

/** How long a row may take: at most `rounds`, and after the minimum of rounds, at most `budget`. */
export interface Patience {
  readonly rounds: number;
  /** In milliseconds. */
  readonly budget: number;
}

const WARM_UP_ROUNDS = 3;
const FEWEST_ROUNDS = 3;

/** Runs a row in alternating rounds. */
export async function compare(comparison: Comparison, patience: Patience): Promise<Outcome> {
  const { ours, others, operations, what } = comparison;
  const contestants = [ours, ...others];
  const times = contestants.map((): number[] => []);
  const { rounds, budget } = patience;
  const spentBy = contestants.map(() => 0);
  const start = performance.now();
  for (let round = -WARM_UP_ROUNDS; round < rounds; round++) {
    const spent = performance.now() - start;
    // Ends the warm-up early if it takes long, because slow work is compiled before its first run
    // ends. Runs of a slow rival count even during the warm-up.
    if (round < 0 && round > -WARM_UP_ROUNDS && spent > budget / 8) round = 0;
    if (round >= FEWEST_ROUNDS && spent > budget) break;
    for (const [index, contestant] of contestants.entries()) {
      const taken = times[index] as number[];
      // Skips a rival that has used half of the budget, so that it doesn't delay all rounds.
      if (index > 0 && taken.length > 0 && (spentBy[index] as number) > budget / 2) continue;
      const began = performance.now();
      const elapsed = await timeOf(contestant);
      spentBy[index] = (spentBy[index] as number) + performance.now() - began;
      const isSlow = index > 0 && elapsed > budget / 2;
      if (round >= 0 || isSlow) taken.push((elapsed * 1e6) / operations);
    }
  }
  return outcomeOf(what, contestants, times);
}

/**
 * The outcome of alternating rounds. The first contestant is ours. Times in nanoseconds per
 * operation.
 */
function outcomeOf(
  what: string,
  contestants: readonly Omit<Other, "run">[],
  times: readonly (readonly number[])[],
): Outcome {
  const [own = []] = times;
  const least = times[contestants.findIndex(({ isLimit }) => isLimit)];
  const timings = contestants.map((contestant, index) => ({
    name: contestant.name,
    ...summarize(times[index] ?? []),
  }));
  return {
    what,
    rounds: own.length,
    ours: timings[0] as Timing,
    others: contestants.slice(1).map((contestant, index) => {
      const theirs = times[index + 1] ?? [];
      const target = targetOf(contestant);
      const ratio = ratioOf(own, theirs, target);
      const { lacks, isLimit, isOurs } = contestant;
      const isAimedAt = targetText(target) !== "" && !isLimit && !isOurs;
      return {
        ...(timings[index + 1] as Timing),
        rounds: theirs.length,
        ratio,
        target,
        ...(isAimedAt && least !== undefined && { limit: ratioOf(least, theirs, target) }),
        ...(lacks !== undefined && { lacks }),
      };
    }),
  };
}

/** Work of several phases, each with its own row. */
export interface Phases<Phase extends string> {
  /** The title of a phase's row. */
  what(phase: Phase): string;
  readonly phases: readonly Phase[];
  readonly operations: number;
  /** The first contestant is ours. Each returns the times of its phases, in milliseconds. */
  readonly contestants: readonly {
    readonly name: string;
    run(): Readonly<Record<Phase, number>> | Promise<Readonly<Record<Phase, number>>>;
    target?(phase: Phase): Aim;
    readonly isLimit?: true;
  }[];
}

/** In milliseconds. One round runs in any case. */
const PHASES_BUDGET = 12_000;

/** Runs work of several phases in alternating rounds, after one that only compiles. */
export async function comparePhases<Phase extends string>(
  { what, phases, operations, contestants }: Phases<Phase>,
  rounds: number,
): Promise<Outcome[]> {
  const times = contestants.map((): Readonly<Record<Phase, number>>[] => []);
  const start = performance.now();
  for (let round = -1; round < rounds; round++) {
    if (round > 0 && performance.now() - start > PHASES_BUDGET) break;
    for (const [index, { run }] of contestants.entries()) {
      collectYoung();
      const taken = await run();
      if (round >= 0) times[index]?.push(taken);
    }
  }
  return phases.map((phase) =>
    outcomeOf(
      what(phase),
      contestants.map(({ name, target, isLimit }) => ({
        name,
        ...(isLimit && { isLimit }),
        ...target?.(phase),
      })),
      times.map((all) => all.map((taken) => (taken[phase] * 1e6) / operations)),
    ),
  );
}

/** The time of one run of a contestant, in milliseconds. */
export async function timeOf(contestant: Contestant): Promise<number> {
  await contestant.prepare?.();
  if (contestant.collects === "everything") collect({ type: "major" });
  else collectYoung();
  const start = performance.now();
  const reported = await contestant.run();
  return isElapsed(reported) ? reported.milliseconds : performance.now() - start;
}

/**
 * Collects young garbage, so that no contestant pays for another's. A full collection would also
 * discard the engine's feedback about classes without a live instance, and the run would measure
 * that.
 */
function collectYoung(): void {
  collect({ type: "minor" });
}

function collect(options: { readonly type: "minor" | "major" }): void {
  (globalThis as { gc?: (options: object) => void }).gc?.(options);
}

/**
 * The result of a contestant that measures its own time, because only a part of its work counts.
 */
export interface Elapsed {
  readonly milliseconds: number;
}

function isElapsed(value: unknown): value is Elapsed {
  return typeof value === "object" && value !== null && "milliseconds" in value;
}

/**
 * The ratio of two contestants that ran alternately: the median of the rounds' ratios, not the
 * ratio of the medians. Either may have had fewer rounds, because it is slow.
 */
export function ratioOf(
  own: readonly number[],
  theirs: readonly number[],
  { atMost }: Target,
): Summary {
  return summarize(
    theirs.slice(0, own.length).map((rival, round) => {
      const time = own[round] as number;
      return atMost === undefined ? rival / time : time / rival;
    }),
  );
}

/** Beyond this spread a ratio is meaningless: half of the rounds are further away from it. */
const WORTHLESS = 0.25;

/** Whether the rounds differ too much for their ratio to mean anything. */
export function isWorthless({ ratio }: Rival): boolean {
  return ratio.spread > WORTHLESS;
}

/**
 * "ok", "MISSED", or "LIMITED" if bare generators miss the target too. With a question mark where
 * the spread includes the target.
 */
export function verdict({ ratio: { median, spread }, target, limit }: Rival): string {
  if (targetText(target) === "") return "";
  const isSure = meets(target, median * (1 - spread)) === meets(target, median * (1 + spread));
  const isLimited = limit !== undefined && !meets(target, limit.median);
  return (meets(target, median) ? "ok" : isLimited ? "LIMITED" : "MISSED") + (isSure ? "" : "?");
}

/** Whether mysyncio is slower than this rival. */
export function isBehind({ ratio, target }: Rival): boolean {
  return target.atMost === undefined ? ratio.median < 1 : ratio.median > 1;
}
