// Runs one case in a process of its own, and sends the result to its parent: child CASE ROUNDS. With a module of a peer
// behind it, what came of that peer: child CASE ROUNDS PEER.

import { runPeer } from "./besidePeers.ts";
import type { Case } from "./harness.ts";
import { machine } from "./machine.ts";
import type { Peer } from "./peers/peer.ts";
import { built } from "./places.ts";
import { runCase } from "./runCase.ts";

const [name = "", rounds = "", peerFile] = process.argv.slice(2);

const { default: chosen } = (await import(built(`bench/cases/${name}`).href)) as {
  default: Case;
};
if (peerFile === undefined) {
  const where = machine();
  process.send?.({ machine: where, result: await runCase(chosen, { rounds: Number(rounds) }) });
} else {
  // Undefined if this machine does not have it.
  const { default: peer } = (await import(peerFile)) as { default: Peer | undefined };
  if (peer !== undefined) process.send?.(await runPeer(chosen, peer, Number(rounds)));
  peer?.close?.();
}
// Whatever a peer has left behind does not keep the process.
process.disconnect?.();
