// Speed as a ratio: ours and the others run alternately, in the same process, so that a noisy machine disturbs all alike.
//
// The ratio is taken within each round, and the median of these ratios is what counts: two runs that follow each other
// had the same machine, two medians of a minute need not. Its spread tells how far to trust it.

import type { PeerWork } from "./peers/peer.ts";
import { type Summary, summarize } from "./statistics.ts";

/** One way of doing the work of a row. Timed from the call until what it returns has settled. */
export interface Contestant {
  readonly name: string;
  run(): unknown;
  /** What comes before each run and is not timed. */
  prepare?(): unknown;
}

/** A row: the same work, done by us and by others. */
export interface Comparison {
  readonly what: string;
  /** How many operations one run does. */
  readonly operations: number;
  readonly ours: Contestant;
  readonly others: readonly (Contestant & Target)[];
  /** The same work, as other libraries are asked for it. */
  readonly peers?: PeerWork;
}

/** What the ratio must reach. `atLeast`: so many times as fast as this one. `atMost`: so many times its cost. */
export interface Target {
  readonly atLeast?: number;
  readonly atMost?: number;
}

/** A row that is not a race: some figure, with the bound it must keep. */
export interface Figure {
  readonly what: string;
  /** Undefined where it cannot be had: then `note` says why. */
  readonly value: number | undefined;
  readonly unit: string;
  readonly atMost?: number;
  readonly atLeast?: number;
  readonly note?: string;
}

/** How a cost changes with a size. */
export interface Curve {
  readonly what: string;
  /** Of the sizes, as "tasks". */
  readonly of: string;
  readonly unit: string;
  readonly sizes: readonly number[];
  readonly lines: readonly { readonly name: string; readonly values: readonly number[] }[];
}

/** What is taken in other ways than row by row. */
export interface Measured {
  readonly outcomes?: readonly Outcome[];
  readonly figures?: readonly Figure[];
  readonly curves?: readonly Curve[];
}

/** What a case file exports. */
export interface Case {
  readonly name: string;
  readonly question: string;
  readonly comparisons?: readonly Comparison[];
  /** The most rounds that it is worth; for what takes long. */
  readonly rounds?: number;
  measure?(rounds: number): Promise<Measured>;
  /** Ends what would keep the process. */
  close?(): unknown;
}

/** What one contestant needed for one operation, in nanoseconds. */
export interface Timing extends Summary {
  readonly name: string;
}

export interface Rival extends Timing {
  readonly rounds: number;
  /** As users read it: how many times as fast, or how many times the cost. */
  readonly ratio: Summary;
  readonly target: Target;
}

export interface Outcome {
  readonly what: string;
  readonly rounds: number;
  readonly ours: Timing;
  readonly others: readonly Rival[];
  /** Who cannot do this work. */
  readonly unable?: readonly string[];
}

/** How long a row may go on, whatever the number of rounds, as long as it has had the fewest. */
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
    // What takes long is compiled before its first run ends. A rival that has used up its time counts at once.
    if (round < 0 && round > -WARM_UP_ROUNDS && spent > budget / 8) round = 0;
    if (round >= FEWEST_ROUNDS && spent > budget) break;
    for (const [index, contestant] of contestants.entries()) {
      const taken = times[index] as number[];
      // A slow rival does not make all others wait for its every round.
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

/** What came of rounds that ran in turn: the first one is ours. Times in nanoseconds for one operation. */
function outcomeOf(
  what: string,
  contestants: readonly ({ readonly name: string } & Target)[],
  times: readonly (readonly number[])[],
): Outcome {
  const [own = []] = times;
  const timings = contestants.map((contestant, index) => ({
    name: contestant.name,
    ...summarize(times[index] ?? []),
  }));
  return {
    what,
    rounds: own.length,
    ours: timings[0] as Timing,
    others: contestants.slice(1).map((contestant, index) => {
      const target = targetOf(contestant);
      const ratio = ratioOf(own, times[index + 1] ?? [], target);
      const rounds = times[index + 1]?.length ?? 0;
      return { ...(timings[index + 1] as Timing), rounds, ratio, target };
    }),
  };
}

/** Work of several phases, each of which is a row of its own. */
export interface Phases<Phase extends string> {
  /** What the row of a phase is called. */
  what(phase: Phase): string;
  readonly phases: readonly Phase[];
  readonly operations: number;
  /** The first one is ours; each says how long its phases took, in milliseconds. */
  readonly contestants: readonly {
    readonly name: string;
    run(): Readonly<Record<Phase, number>> | Promise<Readonly<Record<Phase, number>>>;
    target?(phase: Phase): Target;
  }[];
}

/** In milliseconds; one round is done in any case. */
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
      contestants.map(({ name, target }) => ({ name, ...target?.(phase) })),
      times.map((all) => all.map((taken) => (taken[phase] * 1e6) / operations)),
    ),
  );
}

/** How long a contestant takes once, in milliseconds. */
export async function timeOf(contestant: Contestant): Promise<number> {
  await contestant.prepare?.();
  collectYoung();
  const start = performance.now();
  const reported = await contestant.run();
  return isElapsed(reported) ? reported.milliseconds : performance.now() - start;
}

/**
 * Nobody pays for another's young garbage. A full collection would also throw away what the engine has learnt about
 * classes that have no instance just then, and measure that.
 */
function collectYoung(): void {
  (globalThis as { gc?: (options: object) => void }).gc?.({ type: "minor" });
}

/** What a contestant returns that takes its own time, because not all it does counts. */
export interface Elapsed {
  readonly milliseconds: number;
}

function isElapsed(value: unknown): value is Elapsed {
  return typeof value === "object" && value !== null && "milliseconds" in value;
}

/** The ratio of two who ran in turn: round by round, not of their medians. A slow rival may have had fewer rounds. */
export function ratioOf(
  own: readonly number[],
  theirs: readonly number[],
  { atMost }: Target,
): Summary {
  return summarize(
    theirs.map((rival, round) => {
      const time = own[round] as number;
      return atMost === undefined ? rival / time : time / rival;
    }),
  );
}

export function targetOf(bounds: { [K in keyof Target]?: number | undefined }): Target {
  const { atLeast, atMost } = bounds;
  if (atLeast !== undefined) return { atLeast };
  return atMost === undefined ? {} : { atMost };
}

export function targetText({ atLeast, atMost }: Target): string {
  if (atLeast !== undefined) return `>= ${atLeast.toLocaleString("en")}`;
  return atMost === undefined ? "" : `<= ${atMost.toLocaleString("en")}`;
}

export function meets({ atLeast, atMost }: Target, value: number): boolean {
  return (atLeast === undefined || value >= atLeast) && (atMost === undefined || value <= atMost);
}

/** Beyond this spread a ratio says nothing: half of the rounds are more than this part away from it. */
const WORTHLESS = 0.25;

/** Whether the rounds differ by too much for their ratio to mean anything. */
export function isWorthless({ ratio }: Rival): boolean {
  return ratio.spread > WORTHLESS;
}

/** "ok" or "MISSED"; with a question mark where the spread reaches across the target. */
export function verdict({ ratio: { median, spread }, target }: Rival): string {
  if (targetText(target) === "") return "";
  const isSure = meets(target, median * (1 - spread)) === meets(target, median * (1 + spread));
  return (meets(target, median) ? "ok" : "MISSED") + (isSure ? "" : "?");
}
