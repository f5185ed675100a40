// Runs one case in a process of its own, and sends the result to its parent: child CASE ROUNDS [PEER ...]

import type { Case } from "./harness.ts";
import { machine } from "./machine.ts";
import type { Peer } from "./peers/peer.ts";
import { built } from "./places.ts";
import { runCase } from "./runCase.ts";

const [name = "", rounds = "", ...peerFiles] = process.argv.slice(2);

const { default: chosen } = (await import(built(`bench/cases/${name}`).href)) as {
  default: Case;
};
const peers: Peer[] = [];
for (const file of peerFiles) {
  const loaded = (await import(file)) as { default: Peer | undefined };
  if (loaded.default !== undefined) peers.push(loaded.default);
}
const where = machine();
const result = await runCase(chosen, { rounds: Number(rounds), peers });
for (const peer of peers) peer.close?.();
process.send?.({ machine: where, result });
// Whatever a peer has left behind does not keep the process.
process.disconnect?.();
