// Python's asyncio, in its own process, which measures its own time.

import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { Peer, Works } from "./peer.ts";

const PROGRAM = fileURLToPath(new URL("../python.py", import.meta.url));
/**
 * The Pythons to try. The first on the path is often the newest. The system's own has the packages
 * that the system installs.
 */
const PYTHONS = ["python3", "/usr/bin/python3"];
const TARGET = 20;

const NAMES: readonly (keyof Works)[] = [
  "switch",
  "spawn",
  "future",
  "gather",
  "taskGroup",
  "queue",
  "lock",
  "timeout",
  "sleep",
  "callSoon",
  "cancel",
  "timers",
];

/** The peer, or undefined if no Python has the required modules. */
export async function startPython(kind: "asyncio" | "uvloop"): Promise<Peer | undefined> {
  for (const python of PYTHONS) {
    const child = spawn(python, [PROGRAM, kind], { stdio: ["pipe", "pipe", "ignore"] });
    const lines = linesOf(child);
    const name = await lines();
    if (name !== undefined) return peerOf(name, child, lines);
  }
  return undefined;
}

/** Returns a line for each call, or undefined once the program has ended, or if there is none. */
function linesOf(child: ChildProcess): () => Promise<string | undefined> {
  const failed = new Promise<undefined>((resolve) => child.once("error", () => resolve(undefined)));
  const lines = createInterface({ input: child.stdout! })[Symbol.asyncIterator]();
  const next = async () => {
    const { value, done } = await lines.next();
    return done ? undefined : (value as string);
  };
  return () => Promise.race([next(), failed]);
}

function peerOf(name: string, child: ChildProcess, lines: () => Promise<string | undefined>): Peer {
  const ask =
    (work: string) =>
    async (...sizes: number[]) => {
      child.stdin!.write(`${[work, ...sizes].join(" ")}\n`);
      const answer = await lines();
      if (answer === undefined) throw new Error(`${name} ended during ${work}`);
      return { milliseconds: Number(answer) };
    };
  return {
    name,
    works: Object.fromEntries(NAMES.map((work) => [work, ask(work)])),
    atLeast: { callSoon: TARGET, switch: TARGET, spawn: TARGET, timers: TARGET },
    close: () => child.kill(),
  };
}
