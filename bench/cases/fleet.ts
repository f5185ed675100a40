// Runs only if it is named on the command line, because it starts a Redis server and worker
// processes. One file, because all cases share the server and its workers.

import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { type Coroutine, createTask, run, sleep } from "mysyncio";
import { bullEngine, FleetExecutor } from "mysyncio/fleet";
import type { Case, Comparison, Curve, Figure, Measured } from "../harness/compare.ts";
import { at } from "../harness/paths.ts";
import { setUp } from "../harness/results.ts";
import { median, percentile } from "../harness/statistics.ts";
import { PACKAGES } from "../programs/bullmq.ts";
import { BareClient, type Client, ours } from "../programs/fleetClients.ts";
import { restTask } from "../programs/fleetTasks.ts";
import { Program } from "../programs/program.ts";
import { RedisServer } from "../programs/redisServer.ts";
import { SlowLink } from "../programs/slowLink.ts";
import { count, isTrial, sized } from "../sizes.ts";

/** The numbers of calls in a row: few enough for several alternating rounds. */
const CALLS = sized(200);
const FEW_CALLS = sized(60);
const MANY_CALLS = sized(2_000);
const AT_ONCE = 64;
/** The milliseconds of a call, in the rows that add processes. */
const SLEEP = 20;
const COMPUTING = 10;
/**
 * In the rows on growth, each process stands for a machine with a network of `LATENCY` ms each way.
 */
const MACHINES = isTrial ? [1, 2] : [1, 2, 4, 8, 16];
const PER_MACHINE = 4;
const LATENCY = 2;
/** How many clients share the queue. */
const CLIENTS = isTrial ? [1, 2] : [1, 8, 16];
const CANCELLATIONS = sized(200);
/** The lease of the worker that is killed, in milliseconds. */
const LEASE = 1_000;
/** The milliseconds of a call whose worker is killed. */
const HELD = 500;
const KILLS = isTrial ? 1 : 5;

let server: RedisServer;
const servers: RedisServer[] = [];
const workers: Program[] = [];

async function startServer(): Promise<RedisServer> {
  const started = await RedisServer.start();
  servers.push(started);
  return started;
}

async function start(
  kind: string,
  url: string,
  queue: string,
  atOnce: number,
  lease?: number,
): Promise<Program> {
  const how = [`${atOnce}`, ...(lease === undefined ? [] : [`${lease}`])];
  const worker = Program.node("bench/programs/fleetWorker", kind, url, queue, ...how);
  workers.push(worker);
  await worker.next();
  return worker;
}

const clients: Client[] = [];

function use(client: Client): Client {
  clients.push(client);
  return client;
}

let isSetUp: Promise<void> | undefined;
let own: Client;
let bare: Client;
let ownWorker: Program;
let bareWorker: Program;

/** Starts a server, a worker of each kind, and a client of each. */
async function prepare(): Promise<void> {
  isSetUp ??= (async () => {
    setUp(PACKAGES);
    process.chdir(fileURLToPath(at(PACKAGES)));
    server = await startServer();
    ownWorker = await start("ours", server.url, "ours", AT_ONCE);
    bareWorker = await start("bare", server.url, "bare", AT_ONCE);
    own = use(ours(server.url, "ours"));
    bare = use(new BareClient(server.url, "bare"));
  })();
  await isSetUp;
}

function row(calls: number, width: number): Comparison {
  const target = width === 1 ? { atMost: 1.5 } : { atLeast: 0.8 };
  return {
    what: `${count(calls)} calls, ${width === 1 ? "one after the other" : `${width} at a time`}`,
    operations: calls,
    ours: { name: "fleet.call", prepare, run: () => own.call("same", 1, calls, width) },
    others: [{ name: "BullMQ", prepare, run: () => bare.call("same", 1, calls, width), ...target }],
  };
}

/** The processor time of a call, in microseconds: of the server, the worker and the client. */
async function costs(): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const [note, client, worker] of [
    ["fleet.call", own, ownWorker],
    ["BullMQ", bare, bareWorker],
  ] as const) {
    const read = async () => {
      const { user, system } = process.cpuUsage();
      return [await server.cpu(), Number(await worker.ask("cpu")), user + system];
    };
    const before = await read();
    await client.call("same", 1, MANY_CALLS, AT_ONCE);
    const after = await read();
    for (const [index, what] of ["the server", "the worker", "the client"].entries()) {
      const value = ((after[index] as number) - (before[index] as number)) / MANY_CALLS;
      figures.push({ what: `processor time of ${what}`, note, value, unit: "µs per call" });
    }
  }
  return figures;
}

/** How many times as many calls two worker processes complete as one. */
async function scaling(rounds: number): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const [task, argument, kind, atOnce, calls] of [
    ["wait", SLEEP, "ours", 8, sized(400)],
    ["burn", COMPUTING, "threads", 1, sized(200)],
  ] as const) {
    const one = use(ours(server.url, `${task}-1`));
    const two = use(ours(server.url, `${task}-2`));
    await start(kind, server.url, `${task}-1`, atOnce);
    await start(kind, server.url, `${task}-2`, atOnce);
    await start(kind, server.url, `${task}-2`, atOnce);
    const time = async (client: Client): Promise<number> => {
      const begun = performance.now();
      await client.call(task, argument, calls, 4 * atOnce);
      return performance.now() - begun;
    };
    const ratios: number[] = [];
    for (let round = -1; round < rounds; round++) {
      const ratio = (await time(one)) / (await time(two));
      if (round >= 0) ratios.push(ratio);
    }
    const what = task === "wait" ? `${argument} ms of sleep` : `${argument} ms of computing`;
    const value = median(ratios);
    figures.push({ what: `two workers, ${what}`, value, unit: "x one", atLeast: 1.7 });
  }
  return figures;
}

/**
 * Calls per second of many machines, beside the prediction from the figures of one: each machine
 * has `PER_MACHINE` calls at a time, and each call takes as long as the sleep and the network,
 * until the server's processor is the limit. The machines are simulated: they are processes that
 * sleep, each behind a slow link.
 */
async function growth(serverCost: number): Promise<Curve> {
  const measured: number[] = [];
  const predicted: number[] = [];
  const queue = "growth";
  const client = use(ours(server.url, queue));
  for (const machines of MACHINES) {
    for (
      let at = measured.length === 0 ? 0 : (MACHINES[measured.length - 1] ?? 0);
      at < machines;
      at++
    ) {
      const link = await SlowLink.start(server.port, LATENCY);
      links.push(link);
      await start("ours", link.url, queue, PER_MACHINE);
    }
    const calls = machines * sized(100);
    await client.call("wait", SLEEP, machines * PER_MACHINE, machines * PER_MACHINE);
    const begun = performance.now();
    await client.call("wait", SLEEP, calls, 2 * machines * PER_MACHINE);
    measured.push((1_000 * calls) / (performance.now() - begun));
    const perMachine = (1_000 * PER_MACHINE) / (SLEEP + 2 * LATENCY);
    predicted.push(Math.min(machines * perMachine, 1e6 / serverCost));
  }
  return {
    what: `calls of ${SLEEP} ms on simulated machines, ${PER_MACHINE} at a time on each, ${LATENCY} ms away`,
    of: "machines",
    unit: "calls/s",
    sizes: MACHINES,
    lines: [
      { name: "measured", values: measured },
      { name: "predicted", values: predicted },
    ],
  };
}

const links: SlowLink[] = [];

/** The calls per second of several clients, which make `AT_ONCE` calls at a time in all. */
async function clientsPerQueue(): Promise<Curve> {
  const lines: { name: string; values: number[] }[] = [];
  for (const [name, start] of [
    ["fleet.call", () => ours(server.url, "ours")],
    ["BullMQ", () => new BareClient(server.url, "bare")],
  ] as const) {
    const values: number[] = [];
    for (const size of CLIENTS) {
      const several = Array.from({ length: size }, () => use(start()));
      const [calls, width] = [Math.ceil(MANY_CALLS / size), Math.ceil(AT_ONCE / size)];
      const callAll = () =>
        Promise.all(several.map((client, index) => client.call("same", index, calls, width)));
      await callAll();
      const begun = performance.now();
      await callAll();
      values.push((1_000 * calls * size) / (performance.now() - begun));
    }
    lines.push({ name, values });
  }
  const what = `calls of no work, ${AT_ONCE} at a time in all`;
  return { what, of: "clients", unit: "calls/s", sizes: CLIENTS, lines };
}

/** The time from the cancellation of a running call until the call has ended. */
async function cancelling(): Promise<Figure[]> {
  const times: number[] = [];
  const fleet = new FleetExecutor({ connection: server.url, queue: "ours" });
  use({ call: () => undefined, close: () => fleet.shutdown() });
  await run(function* (): Coroutine<void> {
    for (let at = 0; at < CANCELLATIONS; at++) {
      const call = createTask(() => fleet.call(restTask, 600_000));
      while (fleet.calls()[0]?.state !== "running") {
        if (call.done()) call.result(); // throws why it failed
        yield* sleep(1);
      }
      const begun = performance.now();
      call.cancel();
      while (!call.done()) yield* sleep(0);
      times.push(performance.now() - begun);
    }
  });
  return [
    { what: "cancelling a call that runs, median", value: median(times), unit: "ms" },
    { what: "cancelling a call that runs, p99", value: percentile(times, 0.99), unit: "ms" },
  ];
}

/** The time from the death of one of two busy workers until the other one has run its calls too. */
async function recovering(): Promise<Figure> {
  const queue = "recovery";
  const engine = bullEngine({ connection: server.url, lease: LEASE });
  const fleet = new FleetExecutor({ engine, queue });
  use({ call: () => undefined, close: () => fleet.shutdown() });
  const startOne = () => start("ours", server.url, queue, PER_MACHINE, LEASE);
  await startOne();
  const times: number[] = [];
  for (let kill = 0; kill < KILLS; kill++) {
    const worker = await startOne();
    const calls = Array.from({ length: 2 * PER_MACHINE }, () =>
      fleet.with({ attempts: 2 }).submit(restTask, [HELD]),
    );
    while (fleet.calls().some(({ state }) => state !== "running")) await pause(1);
    const begun = performance.now();
    worker.end("SIGKILL");
    await Promise.all(calls);
    times.push(performance.now() - begun);
  }
  const what = "recovery of the calls of a killed worker, with the calls' own time";
  const note = `lease of ${count(LEASE)} ms, calls of ${count(HELD)} ms`;
  return { what, note, value: median(times), unit: "ms" };
}

/**
 * The calls per second that the processors of one and of two servers allow. Each server has a queue
 * of its own, and is measured by its processor time, because the benchmark's machine has too few
 * cores to reach the limit.
 */
async function ceilings(): Promise<Figure[]> {
  const costs: number[] = [];
  const second = await startServer();
  await start("ours", second.url, "ours", AT_ONCE);
  const pairs = [server, second].map((at) => ({ at, client: use(ours(at.url, "ours")) }));
  const read = () => Promise.all(pairs.map(({ at }) => at.cpu()));
  await Promise.all(pairs.map(({ client }) => client.call("same", 1, FEW_CALLS, AT_ONCE)));
  const before = await read();
  await Promise.all(pairs.map(({ client }) => client.call("same", 1, MANY_CALLS, AT_ONCE)));
  const after = await read();
  for (const index of pairs.keys())
    costs.push(((after[index] as number) - (before[index] as number)) / MANY_CALLS);
  const [one = Number.NaN, two = Number.NaN] = costs.map((cost) => 1e6 / cost);
  return [
    { what: "limit of one server's processor", value: one, unit: "calls/s" },
    { what: "limit of two servers with a queue each", value: one + two, unit: "calls/s" },
  ];
}

async function measure(rounds: number): Promise<Measured> {
  await prepare();
  const spent = await costs();
  const serverCost = spent[0]?.value as number;
  const figures = [
    ...spent,
    ...(await scaling(Math.min(rounds, 5))),
    ...(await cancelling()),
    await recovering(),
    ...(await ceilings()),
  ];
  return { figures, curves: [await clientsPerQueue(), await growth(serverCost)] };
}

export default {
  name: "fleet",
  question: "What does a call on another machine cost, compared with BullMQ itself?",
  comparisons: [row(CALLS, AT_ONCE), row(FEW_CALLS, 1)],
  measure,
  close: async () => {
    await Promise.all(clients.map((client) => client.close()));
    for (const worker of workers) worker.end();
    for (const link of links) link.end();
    for (const one of servers) one.end();
  },
} satisfies Case;
