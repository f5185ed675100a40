// One case from its first row to its last: whatever runs it, a process or a page.

import { type Case, type Curve, compare, type Figure, type Outcome } from "./harness.ts";

/** What came of a case, as it is printed and written. */
export interface CaseResult {
  readonly name: string;
  readonly question: string;
  readonly outcomes: readonly Outcome[];
  readonly figures: readonly Figure[];
  readonly curves: readonly Curve[];
}

export interface Run {
  readonly rounds: number;
  /** Told of each row as soon as it is there. */
  onOutcome?(outcome: Outcome): void;
}

/** How long a row may take, in milliseconds; more, if it has many contestants. */
const BUDGET = 2_000;

export async function runCase(chosen: Case, run: Run): Promise<CaseResult> {
  const { name, question, comparisons = [] } = chosen;
  const rounds = Math.min(run.rounds, chosen.rounds ?? run.rounds);
  const outcomes: Outcome[] = [];
  const tell = (outcome: Outcome): void => {
    outcomes.push(outcome);
    run.onOutcome?.(outcome);
  };
  for (const comparison of comparisons) {
    const contestants = 1 + comparison.others.length;
    const budget = BUDGET * Math.max(1, contestants / 3);
    tell(await compare(comparison, { rounds, budget }));
  }
  const measured = await chosen.measure?.(rounds);
  for (const outcome of measured?.outcomes ?? []) tell(outcome);
  await chosen.close?.();
  return {
    name,
    question,
    outcomes,
    figures: measured?.figures ?? [],
    curves: measured?.curves ?? [],
  };
}
