// Speed as a ratio: ours and the baseline run alternately, in the same process, so that a noisy machine disturbs both
// alike. The medians of the rounds are compared; the spread tells how far to trust them.

/** One way of doing the work of a row. Timed from the call until what it returns has settled. */
export interface Contestant {
  readonly name: string;
  run(): unknown;
}

/** A row: the same work, done by us and by others. */
export interface Comparison {
  readonly what: string;
  /** How many operations one run does. */
  readonly operations: number;
  readonly ours: Contestant;
  readonly others: readonly (Contestant & Target)[];
}

/** What the ratio must reach. `atLeast`: so many times as fast as this one. `atMost`: so many times its cost. */
export interface Target {
  readonly atLeast?: number;
  readonly atMost?: number;
}

/** A row that is not a race: some figure, with the bound it must keep. */
export interface Figure {
  readonly what: string;
  readonly value: number;
  readonly unit: string;
  readonly atMost?: number;
  readonly note?: string;
}

/** What a case file exports. */
export interface Case {
  readonly name: string;
  readonly question: string;
  readonly comparisons?: readonly Comparison[];
  figures?(): Promise<readonly Figure[]>;
}

export interface Timing {
  readonly name: string;
  /** Median nanoseconds for one operation. */
  readonly median: number;
  /** Half the range of the middle half of the rounds, in parts of the median. */
  readonly spread: number;
}

export interface Outcome {
  readonly what: string;
  readonly ours: Timing;
  readonly others: readonly (Timing & {
    readonly ratio: number;
    readonly target: string;
    readonly met: boolean;
  })[];
}

const WARM_UP_ROUNDS = 3;

/** Runs a row in `rounds` alternating rounds. */
export async function compare(comparison: Comparison, rounds: number): Promise<Outcome> {
  const { ours, others, operations, what } = comparison;
  const contestants = [ours, ...others];
  const times = contestants.map((): number[] => []);
  for (let round = -WARM_UP_ROUNDS; round < rounds; round++) {
    for (const [index, contestant] of contestants.entries()) {
      // Nobody pays for another's young garbage. A full collection would also throw away what the engine has learnt
      // about classes that have no instance just then, and measure that.
      globalThis.gc?.({ type: "minor" });
      const start = performance.now();
      await contestant.run();
      const elapsed = performance.now() - start;
      if (round >= 0) times[index]?.push((elapsed * 1e6) / operations);
    }
  }
  const timings = contestants.map((contestant, index) =>
    summarize(contestant.name, times[index] ?? []),
  );
  const own = timings[0] as Timing;
  return {
    what,
    ours: own,
    others: others.map((other, index) => {
      const timing = timings[index + 1] as Timing;
      // As users read it: how many times as fast, or how many times the cost.
      const ratio =
        other.atMost === undefined ? timing.median / own.median : own.median / timing.median;
      return { ...timing, ratio, target: targetText(other), met: meets(other, ratio) };
    }),
  };
}

export function targetText({ atLeast, atMost }: Target): string {
  if (atLeast !== undefined) return `>= ${atLeast}`;
  return atMost === undefined ? "" : `<= ${atMost}`;
}

export function meets({ atLeast, atMost }: Target, value: number): boolean {
  return (atLeast === undefined || value >= atLeast) && (atMost === undefined || value <= atMost);
}

function summarize(name: string, times: number[]): Timing {
  const sorted = times.toSorted((a, b) => a - b);
  const at = (part: number) => sorted[Math.floor((sorted.length - 1) * part)] as number;
  const median = at(0.5);
  return { name, median, spread: (at(0.75) - at(0.25)) / 2 / median };
}
