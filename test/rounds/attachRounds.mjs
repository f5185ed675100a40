// Attaches to programs again and again, and reports what became of them: npm run attach:rounds
//
//   node test/rounds/attachRounds.mjs [rounds] [node binary...]
//
// In each round, every kind of program is started anew or attached to again, read, and left. Counts
// the programs that died, the commands that hung or failed, and what was left open. With several
// Nodes, each of them runs the programs and the commands.
//
// One file, because a round goes through all of it.

import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import {
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const COMMAND = join(ROOT, "dist", "mysyncio.js");
const MAIN = JSON.stringify(new URL("../../dist/index.js", import.meta.url).href);
/** How long a command may take, in milliseconds. */
const PATIENCE = 60_000;
/** How long a process may keep its inspector after a command has left. */
const CLOSING = 20_000;

const HEAD = `import * as m from ${MAIN};
const queue = new m.Queue();
function* waiter() { yield* queue.get(); }
const wait = function* (part) {
  yield* m.taskGroup(function* (group) {
    for (let i = 0; i < 5; i++) group.createTask(waiter());
    yield* m.sleep(1);
    console.log("ready");
    yield* part();
  });
};
`;

/**
 * The kinds of programs. `expected` is what the command must print.
 *
 * @type {Record<string, { program: string, worker?: boolean, expected: RegExp, stays?: boolean, refused?: boolean }>}
 */
const KINDS = {
  idle: {
    program: "await m.run(() => wait(function* () { yield* m.sleep(1e8); }));",
    expected: /5 × waiter/,
  },
  spinning: {
    program: "await m.run(() => wait(function* () { for (;;) yield; }));",
    expected: /5 × waiter/,
  },
  // It never returns to the host, which alone could close its inspector.
  busy: {
    program: "await m.run(() => wait(function* () { for (;;) ; }));",
    expected: /5 × waiter/,
    stays: true,
  },
  regex: {
    program: 'await m.run(() => wait(function* () { /(a+)+$/.test("a".repeat(60) + "b"); }));',
    expected: /5 × waiter/,
    stays: true,
  },
  blocked: {
    program: "const { runSync } = m; runSync(() => wait(function* () { yield* m.sleep(1e8); }));",
    expected: /5 × waiter/,
    stays: true,
  },
  worker: {
    program: `import { isMainThread, Worker } from "node:worker_threads";
if (isMainThread) new Worker(new URL(import.meta.url));
else await m.run(() => wait(function* () { yield* m.sleep(1e8); }));`,
    worker: true,
    expected: /5 × waiter/,
  },
  handler: {
    program:
      'process.on("SIGUSR1", () => {}); await m.run(() => wait(function* () { yield* m.sleep(1e8); }));',
    expected: /didn't open its inspector within 2 seconds/,
    refused: true,
  },
};

/** Killed if these rounds are interrupted. @type {Set<import("node:child_process").ChildProcess>} */
const running = new Set();

/** How often something happened, by kind. */
class Tally {
  constructor() {
    /** @type {Map<string, number>} */
    this.counts = new Map();
    this.rounds = 0;
  }

  /** @param {string} what @param {string} kind @param {string} why */
  add(what, kind, why = "") {
    this.counts.set(what, (this.counts.get(what) ?? 0) + 1);
    console.error(`${what}: ${kind} ${why}`);
  }

  toString() {
    const of = (/** @type {string} */ what) => `${this.counts.get(what) ?? 0} ${what}`;
    return [of("deaths"), of("hangs"), of("leftovers"), of("wrong outputs")].join(", ");
  }
}

/**
 * Runs rounds on one Node. Returns the tally.
 *
 * @param {string} node
 * @param {number} rounds
 * @param {string[]} names
 */
export async function attachRounds(
  node,
  rounds,
  names = [...Object.keys(KINDS), "exiting", "taken"],
) {
  const folder = mkdtempSync(join(ROOT, "build", "rounds-"));
  const tally = new Tally();
  /** @type {Map<string, import("node:child_process").ChildProcess>} */
  const children = new Map();
  try {
    // One kind after the other, because some of them keep a processor busy.
    for (const name of names) {
      for (let round = 0; round < rounds; round++) {
        if (name === "exiting") await exiting(node, folder, round, tally);
        else if (name === "taken") await taken(node, folder, tally);
        else await attached(node, folder, name, children, tally);
        tally.rounds++;
      }
      children.get(name)?.kill("SIGKILL");
      children.delete(name);
    }
  } finally {
    for (const child of children.values()) child.kill("SIGKILL");
    rmSync(folder, { recursive: true });
  }
  return tally;
}

/**
 * Attaches to a program that runs on from one round to the next.
 *
 * @param {string} node
 * @param {string} folder
 * @param {string} name
 * @param {Map<string, import("node:child_process").ChildProcess>} children
 * @param {Tally} tally
 */
async function attached(node, folder, name, children, tally) {
  const { program, worker, expected, stays, refused } = KINDS[name] ?? fail(name);
  let child = children.get(name);
  if (child === undefined) {
    child = await started(node, folder, name, program, "--inspect-port=0");
    children.set(name, child);
  }
  const target = `${child.pid}${worker ? "/1" : ""}`;
  const before = listeners(child.pid);
  const args = refused ? ["--timeout", "2"] : [];
  const { output, isHung } = await command(node, "ps", target, ...args);
  if (isHung) tally.add("hangs", name);
  else if (!expected.test(output)) tally.add("wrong outputs", name, output);
  if (!stays) {
    const end = performance.now() + CLOSING;
    while (listeners(child.pid) > before && performance.now() < end) await delay(50);
    if (listeners(child.pid) > before) tally.add("leftovers", name);
  }
  if (child.exitCode !== null || child.signalCode !== null) {
    tally.add("deaths", name, `${child.exitCode} ${child.signalCode}`);
    children.delete(name);
  }
}

/**
 * A program that ends by itself, at another moment of the command in each round.
 *
 * @param {string} node
 * @param {string} folder
 * @param {number} round
 * @param {Tally} tally
 */
async function exiting(node, folder, round, tally) {
  const program = `setTimeout(() => process.exit(7), ${(round * 37) % 400});
await m.run(() => wait(function* () { yield* m.sleep(1e8); }));`;
  const child = await started(node, folder, "exiting", program, "--inspect-port=0");
  const ended = new Promise((resolve) => {
    if (child.exitCode === null) child.once("exit", resolve);
    else resolve(child.exitCode);
  });
  const { output, isHung } = await command(node, "ps", String(child.pid), "--timeout", "5");
  if (isHung) tally.add("hangs", "exiting");
  const known =
    /5 × waiter|has ended|There is no process|is not a Node process|didn't open its inspector|doesn't handle SIGUSR1|The target|No loop is running|ECONNRE|socket hang up/;
  if (!known.test(output)) tally.add("wrong outputs", "exiting", output);
  const code = await ended;
  if (code !== 7) tally.add("deaths", "exiting", String(code));
}

/**
 * A program whose port another process has.
 *
 * @param {string} node
 * @param {string} folder
 * @param {Tally} tally
 */
async function taken(node, folder, tally) {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
  const child = await started(
    node,
    folder,
    "taken",
    KINDS["idle"]?.program ?? "",
    `--inspect-port=${port}`,
  );
  const { output, isHung } = await command(node, "ps", String(child.pid), "--timeout", "2");
  if (isHung) tally.add("hangs", "taken");
  if (!/didn't open its inspector within 2 seconds/.test(output)) {
    tally.add("wrong outputs", "taken", output);
  }
  if (child.exitCode !== null || child.signalCode !== null) tally.add("deaths", "taken");
  child.kill("SIGKILL");
  server.close();
}

/**
 * Starts a program, and waits until it prints something.
 *
 * @param {string} node
 * @param {string} folder
 * @param {string} name
 * @param {string} program
 * @param {string[]} options
 */
async function started(node, folder, name, program, ...options) {
  const file = join(folder, `${name}.mjs`);
  writeFileSync(file, HEAD + program);
  const child = spawn(node, [...options, file], { stdio: ["ignore", "pipe", "ignore"] });
  running.add(child);
  child.once("exit", () => running.delete(child));
  // A program that ends by itself may do so before it prints.
  await Promise.race([once(child.stdout, "data"), once(child, "exit")]);
  return child;
}

/**
 * @param {string} node
 * @param {string[]} args
 * @returns {Promise<{ output: string, isHung: boolean }>}
 */
function command(node, ...args) {
  return new Promise((resolve) => {
    execFile(
      node,
      [COMMAND, ...args],
      { timeout: PATIENCE, killSignal: "SIGKILL" },
      (error, stdout, stderr) => {
        resolve({ output: stdout + stderr, isHung: error?.killed === true });
      },
    );
  });
}

/**
 * How many TCP ports a process listens on.
 *
 * @param {number | undefined} pid
 */
function listeners(pid) {
  const table = readFileSync("/proc/self/net/tcp", "latin1");
  const rows = table.split("\n").map((line) => line.trim().split(/\s+/));
  const inodes = new Set(rows.filter((row) => row[3] === "0A").map((row) => row[9]));
  try {
    return readdirSync(`/proc/${pid}/fd`).filter((fd) => {
      try {
        return inodes.has(/^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${fd}`))?.[1]);
      } catch {
        return false; // closed in the meantime
      }
    }).length;
  } catch {
    return 0; // it has died, which is counted elsewhere
  }
}

/** @param {string} name @returns {never} */
function fail(name) {
  throw new RangeError(`There is no kind ${name}`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [rounds = "200", ...nodes] = process.argv.slice(2);
  for (const signal of ["SIGINT", "SIGTERM"]) {
    process.once(signal, () => {
      for (const child of running) child.kill("SIGKILL");
      process.exit(1);
    });
  }
  for (const node of nodes.length > 0 ? nodes : [process.execPath]) {
    const { stdout } = await new Promise((resolve) =>
      execFile(node, ["--version"], (_, out) => resolve({ stdout: out })),
    );
    const tally = await attachRounds(node, Number(rounds));
    console.log(`Node ${stdout.trim()}: ${tally.rounds} attachments in ${rounds} rounds: ${tally}`);
    if (tally.counts.size > 0) process.exitCode = 1;
  }
}
