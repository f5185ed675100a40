import type { Case, Figure } from "../harness/compare.ts";
import { median } from "../harness/statistics.ts";
import type { Memory } from "../programs/echoServer.ts";
import { Program } from "../programs/program.ts";
import { count, isTrial, sized } from "../sizes.ts";

const CONNECTIONS = sized(10_000);
const ROUNDS = isTrial ? 1 : 2;

interface Idle {
  /**
   * The number of connections that were not served, after all were opened or when asked again.
   */
  readonly unserved: number;
  /** Bytes per connection: in the memory of the process, and in its heap. */
  readonly resident: number;
  readonly heap: number;
}

async function measure(kind: "streams" | "callbacks"): Promise<Idle> {
  const server = Program.node("bench/programs/echoServer", kind);
  const peers = [server];
  try {
    const port = await server.number();
    const connect = (count: number): Program => {
      const clients = Program.node("bench/programs/idleClients", `${port}`, `${count}`);
      peers.push(clients);
      return clients;
    };
    const few = connect(100); // compiles, and grows the structures that are kept
    await few.number();
    few.end();
    const before = await memoryOf(server);
    const clients = connect(CONNECTIONS);
    const opened = await clients.number();
    const after = await memoryOf(server);
    const served = Number(await clients.ask("again"));
    return {
      unserved: CONNECTIONS - Math.min(opened, served),
      resident: (after.resident - before.resident) / CONNECTIONS,
      heap: (after.heap - before.heap) / CONNECTIONS,
    };
  } finally {
    for (const peer of peers) peer.end();
  }
}

async function memoryOf(server: Program): Promise<Memory> {
  return JSON.parse(await server.ask("memory")) as Memory;
}

async function figures(): Promise<Figure[]> {
  const own: Idle[] = [];
  const bare: Idle[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    own.push(await measure("streams"));
    bare.push(await measure("callbacks"));
  }
  const of = (rounds: readonly Idle[], what: keyof Idle) => median(rounds.map((one) => one[what]));
  const unit = "bytes";
  const share = (100 * of(own, "resident")) / of(bare, "resident");
  return [
    {
      what: `of ${count(CONNECTIONS)} idle connections, not served`,
      value: Math.max(...own.map(({ unserved }) => unserved)),
      unit: "",
      atMost: 0,
    },
    { what: "the process, for one", note: "streams", value: of(own, "resident"), unit },
    { what: "", note: "node:net", value: of(bare, "resident"), unit },
    {
      what: "",
      note: "streams",
      // A few connections fit into pages that the process already has.
      value: Number.isFinite(share) ? share : undefined,
      unit: "% of node:net's",
      atMost: 150,
    },
    // Most of a socket is native memory, and not included here.
    { what: "the heap alone, for one", note: "streams", value: of(own, "heap"), unit },
    { what: "", note: "node:net", value: of(bare, "heap"), unit },
  ];
}

export default {
  name: "idle",
  question: "How much memory does an idle connection take?",
  measure: async () => ({ figures: await figures() }),
} satisfies Case;
