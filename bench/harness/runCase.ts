// Runs one case from its first row to its last, in a process or a page.

import {
  type Case,
  type Comparison,
  type Curve,
  compare,
  type Figure,
  type Outcome,
  type Patience,
} from "./compare.ts";

/** The result of a case, as it is printed and written. */
export interface CaseResult {
  readonly name: string;
  readonly question: string;
  readonly outcomes: readonly Outcome[];
  readonly figures: readonly Figure[];
  readonly curves: readonly Curve[];
}

export interface Run {
  readonly rounds: number;
  /** Called with each row as soon as it is done. */
  onOutcome?(outcome: Outcome): void;
}

/** The time limit of a row in milliseconds, which is larger with many contestants. */
const BUDGET = 2_000;

/** How long a row may take. */
export function patienceOf({ others }: Comparison, rounds: number): Patience {
  const contestants = 1 + others.length;
  return { rounds, budget: BUDGET * Math.max(1, contestants / 3) };
}

export async function runCase(chosen: Case, run: Run): Promise<CaseResult> {
  const { name, question, comparisons = [] } = chosen;
  const rounds = Math.min(run.rounds, chosen.rounds ?? run.rounds);
  const outcomes: Outcome[] = [];
  const report = (outcome: Outcome): void => {
    outcomes.push(outcome);
    run.onOutcome?.(outcome);
  };
  for (const comparison of comparisons) {
    report(await compare(comparison, patienceOf(comparison, rounds)));
  }
  const measured = await chosen.measure?.(rounds);
  for (const outcome of measured?.outcomes ?? []) report(outcome);
  await chosen.close?.();
  return {
    name,
    question,
    outcomes,
    figures: measured?.figures ?? [],
    curves: measured?.curves ?? [],
  };
}
