// Runs a case together with another library. Each such pair runs in its own process, because a
// library's effects on the engine and the heap would change all other figures: in a process with
// Effect and Effection, a switch got much slower, for mysyncio and for promises alike.

import type { Peer, PeerWork } from "../peers/peer.ts";
import { type Case, compare, type Other, type Outcome, type Rival } from "./compare.ts";
import type { CaseResult } from "./runCase.ts";

/** The results of a library in the rows of a case. */
export interface PeerResult {
  readonly name: string;
  /**
   * By row. If the library cannot do the work, the value is null, because messages between
   * processes cannot contain undefined.
   */
  readonly rivals: Readonly<Record<string, Rival | null>>;
}

/** The time limit of a row, in milliseconds. */
const BUDGET = 2_000;

/** Runs the rows of a case in which other libraries take part, with mysyncio and with `peer`. */
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
): Other | undefined {
  const run = works[key] as ((...sizes: number[]) => unknown) | undefined;
  if (run === undefined) return undefined;
  const target = typeof atLeast === "object" ? atLeast[key] : atLeast;
  return {
    name,
    run: () => run(...sizes),
    ...(target === undefined ? {} : { atLeast: target }),
  };
}

/**
 * The result of a case, including the libraries: each row has those that can do its work, and the
 * names of the others.
 */
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
