// The conditions of a run. Alone in a hot process, a case shows what the code can do; the other
// conditions show it as programs run it.

import { type Case, type Comparison, compare, type Figure, type Outcome } from "./compare.ts";
import { type CaseResult, patienceOf } from "./runCase.ts";

export const CONDITIONS = ["alone", "mixed", "collected", "cold"] as const;
export type Condition = (typeof CONDITIONS)[number];

/** What the header of a run says about its conditions. */
export const DESCRIPTIONS: Readonly<Record<Condition, string>> = {
  alone: "each case in a process of its own",
  mixed: "all cases in one process, median of three orders",
  collected: "a full collection before each round",
  cold: "from the first run in a fresh process",
};

/** How many times as long work may take after a full collection. */
const AFTER_COLLECTION = 1.15;

/**
 * The case with a full collection before each run of every contestant. An additional contestant,
 * mysyncio without the collection, shows what that costs.
 */
export function collected(chosen: Case): Case {
  const comparisons = chosen.comparisons?.map((row: Comparison): Comparison => {
    const { ours, others } = row;
    return {
      ...row,
      ours: { ...ours, collects: "everything" },
      others: [
        {
          ...ours,
          name: `${ours.name}, without the collection`,
          atMost: AFTER_COLLECTION,
          isOurs: true,
        },
        ...others.map((other) => ({ ...other, collects: "everything" as const })),
      ],
    };
  });
  const { name, question } = chosen;
  return { name, question, ...(comparisons && { comparisons }) };
}

/**
 * Runs all rows of all cases in this process, in three orders. A row's result is that of the order
 * with the median ratio.
 */
export async function runMixed(cases: readonly Case[], rounds: number): Promise<CaseResult[]> {
  const outcomes = new Map<Comparison, Outcome[]>();
  for (const order of [cases, cases.toReversed(), riffled(cases)]) {
    for (const row of order.flatMap(({ comparisons = [] }) => comparisons)) {
      const outcome = await compare(row, patienceOf(row, rounds));
      outcomes.set(row, [...(outcomes.get(row) ?? []), outcome]);
    }
  }
  return cases.map(({ name, question, comparisons = [] }) => ({
    name,
    question,
    outcomes: comparisons.map((row) => middle(outcomes.get(row) ?? [])),
    figures: [],
    curves: [],
  }));
}

/** Every other case, and then the rest. */
function riffled<T>(cases: readonly T[]): T[] {
  const isEven = (_: T, index: number) => index % 2 === 0;
  return [...cases.filter(isEven), ...cases.filter((one, index) => !isEven(one, index))];
}

function middle(outcomes: readonly Outcome[]): Outcome {
  const ratio = ({ others }: Outcome) => others[0]?.ratio.median ?? 0;
  const sorted = outcomes.toSorted((a, b) => ratio(a) - ratio(b));
  return sorted[Math.floor(sorted.length / 2)] as Outcome;
}

/**
 * The milliseconds after the start of a process for which the speed is reported, with the maximum
 * cost as a multiple of the hot one.
 */
const WINDOWS = [
  { milliseconds: 1 },
  { milliseconds: 10, atMost: 3 },
  { milliseconds: 100 },
] as const;
/** How long work runs until it counts as hot. */
const UNTIL_HOT = 1_000;

/**
 * Runs the first row of a case without a warm-up, with mysyncio or with its first rival. The
 * process must be fresh, and the sizes small. The figures are costs, as multiples of the hot one.
 */
export async function runCold({ comparisons = [] }: Case, isRival: boolean): Promise<Figure[]> {
  const [row] = comparisons;
  const contestant = isRival ? row?.others[0] : row?.ours;
  if (row === undefined || contestant === undefined) return [];
  const ends: number[] = [];
  const start = performance.now();
  do {
    await contestant.prepare?.();
    await contestant.run();
    ends.push(performance.now() - start);
  } while ((ends.at(-1) as number) < UNTIL_HOT);
  return coldFigures(contestant.name, ends, !isRival);
}

/** The figures of runs that ended at these times after their common start. */
export function coldFigures(name: string, ends: readonly number[], isOurs: boolean): Figure[] {
  const durations = ends.map((end, index) => end - (ends[index - 1] ?? 0));
  const late = durations.slice(durations.length >> 1).toSorted((a, b) => a - b);
  const hot = late[late.length >> 1] as number;
  return WINDOWS.map(({ milliseconds, ...bound }) => {
    const runs = ends.findIndex((end) => end >= milliseconds) + 1;
    return {
      what: `${name}, first ${milliseconds} ms`,
      value: (ends[runs - 1] as number) / runs / hot,
      unit: "x hot",
      ...(isOurs ? bound : {}),
    };
  });
}
