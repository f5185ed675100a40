import { spawnSync } from "node:child_process";
import type { Case, Figure } from "../harness/compare.ts";
import { median } from "../harness/statistics.ts";
import { Program } from "../programs/program.ts";
import { isTrial } from "../sizes.ts";

const CONNECTIONS = 64;
/** How long a load lasts. wrk accepts only whole seconds. */
const SECONDS = 1;
const ROUNDS = isTrial ? 1 : 3;

const WRK = spawnSync("wrk", ["--version"], { encoding: "utf8" }).stdout?.match(/wrk \S+/)?.[0];

/** The requests per second that a server answers. */
async function load(port: number): Promise<number> {
  if (WRK === undefined) {
    const args = [port, CONNECTIONS, SECONDS].map(String);
    return await Program.node("bench/programs/httpLoad", ...args).number();
  }
  const url = `http://127.0.0.1:${port}/`;
  const { stdout } = spawnSync("wrk", ["-t1", `-c${CONNECTIONS}`, `-d${SECONDS}s`, url], {
    encoding: "utf8",
  });
  const perSecond = /Requests\/sec:\s*([\d.]+)/.exec(stdout)?.[1];
  if (perSecond === undefined || /Non-2xx|Socket errors/.test(stdout)) {
    throw new Error(`Expected every request to be answered, got ${stdout}`);
  }
  return Number(perSecond);
}

async function figures(): Promise<Figure[]> {
  const servers = [
    Program.node("examples/httpServer", "0"),
    Program.node("bench/programs/helloServer"),
  ] as const;
  try {
    const ports = [await servers[0].number(), await servers[1].number()] as const;
    const own: number[] = [];
    const nodes: number[] = [];
    for (let round = -1; round < ROUNDS; round++) {
      const rates = [await load(ports[0]), await load(ports[1])] as const;
      if (round < 0) continue; // the first run compiles
      own.push(rates[0]);
      nodes.push(rates[1]);
    }
    const note = WRK ?? "NO wrk HERE (apt-get install wrk): by node:net in a child";
    const row = (what: string, rates: readonly number[]): Figure => ({
      what,
      note: `${note}, ${CONNECTIONS} connections`,
      value: median(rates),
      unit: "requests/s",
    });
    return [
      row("examples/httpServer", own),
      row("hello world of node:http", nodes),
      {
        what: "examples/httpServer, requests/s",
        note,
        value: (100 * median(own)) / median(nodes),
        unit: "% of node:http's",
      },
      {
        what: "examples/httpServer, time for a request",
        note: "the inverse of >= 0.8 times the requests/s",
        value: (100 * median(nodes)) / median(own),
        unit: "% of node:http's",
        atMost: 100 / 0.8,
      },
    ];
  } finally {
    for (const server of servers) server.end();
  }
}

export default {
  name: "http",
  question: "What does a server written on streams cost beside node:http?",
  measure: async () => ({ figures: await figures() }),
} satisfies Case;
