// One case from its first row to its last: whatever runs it, a process or a page.

import {
  type Case,
  type Comparison,
  type Contestant,
  type Curve,
  compare,
  type Figure,
  type Outcome,
  type Target,
} from "./harness.ts";
import type { Peer, PeerWork } from "./peers/peer.ts";

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
  /** Other libraries, which run beside ours. */
  readonly peers?: readonly Peer[];
  /** Told of each row as soon as it is there. */
  onOutcome?(outcome: Outcome): void;
}

/** How long a row may take, in milliseconds; each peer adds to it. */
const BUDGET = 3_000;

export async function runCase(chosen: Case, run: Run): Promise<CaseResult> {
  const { name, question, comparisons = [] } = chosen;
  const rounds = Math.min(run.rounds, chosen.rounds ?? run.rounds);
  const outcomes: Outcome[] = [];
  const tell = (outcome: Outcome): void => {
    outcomes.push(outcome);
    run.onOutcome?.(outcome);
  };
  for (const comparison of comparisons) {
    const { row, unable } = withPeers(comparison, run.peers ?? []);
    const contestants = 1 + row.others.length;
    const outcome = await compare(row, { rounds, budget: BUDGET * Math.max(1, contestants / 3) });
    tell({ ...outcome, unable });
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

/** A row with those peers who can do its work, and the names of those who cannot. */
function withPeers(
  row: Comparison,
  peers: readonly Peer[],
): { row: Comparison; unable: readonly string[] } {
  const work = row.peers;
  if (work === undefined) return { row, unable: [] };
  const [name] = work;
  const able = peers.filter(({ works }) => works[name] !== undefined);
  const rivals = able.map((peer) => contestantOf(peer, work));
  return {
    row: { ...row, others: [...row.others, ...rivals] },
    unable: peers.filter((peer) => !able.includes(peer)).map((peer) => peer.name),
  };
}

function contestantOf({ name, works, atLeast }: Peer, work: PeerWork): Contestant & Target {
  const [key, ...sizes] = work;
  const run = works[key] as (...sizes: number[]) => unknown;
  const target = typeof atLeast === "object" ? atLeast[key] : atLeast;
  return {
    name,
    run: () => run(...sizes),
    ...(target === undefined ? {} : { atLeast: target }),
  };
}
