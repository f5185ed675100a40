// A case beside another library: each pair has a process of its own, as each case has. What a library teaches the engine
// and leaves on the heap would change our figures, and those of all others: beside Effect and Effection a switch took
// twice as long, ours and the promises' alike.

import {
  type Case,
  type Contestant,
  compare,
  type Outcome,
  type Rival,
  type Target,
} from "./harness.ts";
import type { Peer, PeerWork } from "./peers/peer.ts";
import type { CaseResult } from "./runCase.ts";

/** What came of a library in the rows of a case. */
export interface PeerResult {
  readonly name: string;
  /** By row; null where it cannot do the work: what is sent from process to process has no undefined. */
  readonly rivals: Readonly<Record<string, Rival | null>>;
}

/** How long a row may take, in milliseconds. */
const BUDGET = 2_000;

/** Runs those rows of a case in which other libraries take part, with us and with `peer`. */
export async function runPeer(
  { comparisons = [] }: Case,
  peer: Peer,
  rounds: number,
): Promise<PeerResult> {
  const rivals: Record<string, Rival | null> = {};
  for (const row of comparisons) {
    if (row.peers === undefined) continue;
    const contestant = contestantOf(peer, row.peers);
    const others = contestant === undefined ? [] : [contestant];
    const outcome = contestant && (await compare({ ...row, others }, { rounds, budget: BUDGET }));
    rivals[row.what] = outcome?.others[0] ?? null;
  }
  return { name: peer.name, rivals };
}

function contestantOf(
  { name, works, atLeast }: Peer,
  [key, ...sizes]: PeerWork,
): (Contestant & Target) | undefined {
  const run = works[key] as ((...sizes: number[]) => unknown) | undefined;
  if (run === undefined) return undefined;
  const target = typeof atLeast === "object" ? atLeast[key] : atLeast;
  return {
    name,
    run: () => run(...sizes),
    ...(target === undefined ? {} : { atLeast: target }),
  };
}

/** The result of a case with what came of libraries: in each row those who can do its work, and the names of the others. */
export function besidePeers(result: CaseResult, peers: readonly PeerResult[]): CaseResult {
  const withPeers = (outcome: Outcome): Outcome => {
    const those = peers.filter(({ rivals }) => outcome.what in rivals);
    const rivals = those.map((peer) => peer.rivals[outcome.what] ?? null);
    return {
      ...outcome,
      others: [...outcome.others, ...rivals.filter((rival) => rival !== null)],
      unable: those.filter((_, index) => rivals[index] === null).map(({ name }) => name),
    };
  };
  return { ...result, outcomes: result.outcomes.map(withPeers) };
}
