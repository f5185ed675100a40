import { spawnSync } from "node:child_process";
import { connect } from "node:net";
import type { Case, Figure } from "../harness/compare.ts";
import { median } from "../harness/statistics.ts";
import { Program } from "../programs/program.ts";
import { isTrial } from "../sizes.ts";

const ROUND_TRIPS = isTrial ? 64 : 19_200;
const ROUNDS = isTrial ? 1 : 2;
const MESSAGE = Buffer.alloc(64, "x");

interface Contestant {
  readonly name: string;
  readonly server: Program;
  readonly port: number;
}

/** The messages of one connection, one after the other. */
function ask(port: number, times: number): Promise<void> {
  return new Promise((resolve, reject) => {
    let left = times;
    let received = 0;
    const socket = connect({ host: "127.0.0.1", port, noDelay: true });
    socket.on("error", reject);
    socket.on("connect", () => socket.write(MESSAGE));
    socket.on("data", (bytes) => {
      received += bytes.length;
      if (received < MESSAGE.length) return;
      received = 0;
      if (--left > 0) socket.write(MESSAGE);
      else socket.end(resolve);
    });
  });
}

/** Round trips per second over a number of connections. */
async function rate(port: number, connections: number): Promise<number> {
  const start = performance.now();
  await Promise.all(
    Array.from({ length: connections }, () => ask(port, ROUND_TRIPS / connections)),
  );
  return (ROUND_TRIPS / (performance.now() - start)) * 1000;
}

/**
 * A Python that has a module. The system's packages belong to its own Python, which may not be the
 * first on the path.
 */
function pythonWith(module: string): string {
  const pythons = ["python3", "/usr/bin/python3"];
  return (
    pythons.find((one) => spawnSync(one, ["-c", `import ${module}`]).status === 0) ?? "python3"
  );
}

/**
 * Starts a server, or returns undefined if this machine has none of that kind. The server prints
 * its versions and its port.
 */
async function start(server: Program, name: string): Promise<Contestant | undefined> {
  const line = await server.next();
  if (line === undefined) return undefined;
  const [, versions, port] = /^(.*?)\s*(\d+)$/.exec(line) ?? [];
  return { name: versions ? `${name}, ${versions}` : name, server, port: Number(port) };
}

async function figures(): Promise<Figure[]> {
  const wanted: readonly [string, Program][] = [
    ["mysyncio, streams", Program.node("bench/programs/echoServer", "streams")],
    ["node:net, callbacks", Program.node("bench/programs/echoServer", "callbacks")],
    ["asyncio, streams", Program.python("echo", ["asyncio"])],
    ["asyncio, streams, on uvloop", Program.python("echo", ["uvloop"], pythonWith("uvloop"))],
  ];
  try {
    const contestants: Contestant[] = [];
    const missing: Figure[] = [];
    for (const [name, server] of wanted) {
      const contestant = await start(server, name);
      if (contestant !== undefined) contestants.push(contestant);
      else
        missing.push({
          what: name,
          note: "not installed",
          value: undefined,
          unit: "round trips/s",
        });
    }
    const measured: Figure[] = [];
    for (const connections of [1, 64]) measured.push(...(await race(contestants, connections)));
    return [...measured, ...missing];
  } finally {
    for (const [, server] of wanted) server.end();
  }
}

async function race(contestants: readonly Contestant[], connections: number): Promise<Figure[]> {
  const rates = contestants.map((): number[] => []);
  for (let round = -1; round < ROUNDS; round++) {
    for (const [index, { port }] of contestants.entries()) {
      const perSecond = await rate(port, connections);
      if (round >= 0) rates[index]?.push(perSecond);
    }
  }
  return contestants.map(({ name }, index) => ({
    what: `${connections} connection${connections > 1 ? "s" : ""}, 64 bytes`,
    note: name,
    value: median(rates[index] ?? []),
    unit: "round trips/s",
  }));
}

export default {
  name: "pythonEcho",
  question: "How many round trips does a server answer to bare sockets in another process?",
  measure: async () => ({ figures: await figures() }),
} satisfies Case;
