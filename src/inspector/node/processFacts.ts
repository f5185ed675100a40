// Reads facts about another process from /proc, before anything is sent to it.

import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { isHelperSocket } from "./helperFolder.ts";
import { TargetError } from "./target.ts";

/** Bit 9 of the mask of caught signals: SIGUSR1, which is number 10. */
const SIGUSR1 = 1n << 9n;
const LISTENING = "0A";
/**
 * Matches the path of Node: `node`, `nodejs` or `node-22`. The path ends with `(deleted)` if the
 * file was replaced after the process began.
 */
const NODE = /\/node(js)?-?[\d.]*( \(deleted\))?$/;

/**
 * Checks that a process is a Node process of this user.
 *
 * @throws TargetError if it doesn't exist, isn't a Node process, or is another user's
 */
export function checkProcess(pid: number): void {
  const { name, owner } = statusOf(pid);
  const self = process.geteuid?.();
  if (self !== 0 && self !== owner) {
    throw new TargetError(
      `Process ${pid} (${name}) belongs to the user ${owner}, not to you (${self})`,
    );
  }
  const file = executable(pid);
  if (file === undefined || !NODE.test(file)) {
    throw new TargetError(
      `Process ${pid} (${name}) is not a Node process: it runs ${file ?? "no program"}`,
    );
  }
}

/**
 * Checks that SIGUSR1 opens the inspector of a process, instead of ending the process.
 *
 * @throws TargetError if the process doesn't catch the signal
 */
export function checkCatchesSignal(pid: number): void {
  const { name, caught } = statusOf(pid);
  if ((caught & SIGUSR1) !== 0n) return;
  throw new TargetError(
    `Process ${pid} (${name}) doesn't handle SIGUSR1, which would end it. It may have just started, or run with --disable-sigusr1`,
  );
}

function statusOf(pid: number): { name: string; owner: number; caught: bigint } {
  const status = read(`/proc/${pid}/status`);
  if (status === undefined) {
    if (read("/proc/self/status") === undefined) {
      throw new TargetError("Reading another process needs /proc, which this system doesn't have");
    }
    throw new TargetError(`There is no process ${pid}`);
  }
  return {
    name: /^Name:\s*(.*)$/m.exec(status)?.[1] ?? "unknown",
    owner: Number(/^Uid:\s*\d+\s+(\d+)/m.exec(status)?.[1]),
    caught: BigInt(`0x${/^SigCgt:\s*([0-9a-f]+)$/m.exec(status)?.[1] ?? "0"}`),
  };
}

/** Returns when a process began, in ticks since the system booted. Undefined if it has ended. */
export function startTimeOf(pid: number): string | undefined {
  // The name of the process, in parentheses, may contain anything, even spaces.
  return read(`/proc/${pid}/stat`)
    ?.replace(/^.*\) /s, "")
    .split(" ")[19];
}

/** Returns the inspector ports in the options of a process. */
export function portsInOptions(pid: number): number[] {
  const environment = (read(`/proc/${pid}/environ`) ?? "").split("\0");
  const options = environment.find((entry) => entry.startsWith("NODE_OPTIONS=")) ?? "";
  const text = `${read(`/proc/${pid}/cmdline`) ?? ""}\0${options}`;
  const found = text.matchAll(/--inspect[a-z-]*(?:=|\0)(?:[^\0\s]*:)?(\d{1,5})(?=[\0\s]|$)/g);
  return Array.from(found, ([, port]) => Number(port));
}

/**
 * Returns the path of the socket of the helper thread that `mysyncio/inspector/register` starts in
 * a process; undefined if there is none.
 */
export function helperSocket(pid: number): string | undefined {
  const inodes = socketInodes(pid);
  for (const line of (read(`/proc/${pid}/net/unix`) ?? "").split("\n").slice(1)) {
    const [, , , , , , inode = "", path = ""] = line.trim().split(/\s+/);
    if (inodes.has(inode) && isHelperSocket(path)) return path;
  }
  return undefined;
}

/** Returns the TCP ports on which the process listens. */
export function listeningPorts(pid: number): number[] {
  return socketsOf(pid)
    .filter(({ state }) => state === LISTENING)
    .map(({ port }) => port);
}

/** Whether any process listens on that port. */
export function isTaken(port: number): boolean {
  return tableOf("self").some((one) => one.state === LISTENING && one.port === port);
}

function executable(pid: number): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/exe`);
  } catch {
    return undefined; // a kernel thread, or it has just ended
  }
}

interface SocketRow {
  readonly port: number;
  readonly state: string;
  readonly inode: string;
}

function socketsOf(pid: number): SocketRow[] {
  const inodes = socketInodes(pid);
  return tableOf(String(pid)).filter(({ inode }) => inodes.has(inode));
}

function socketInodes(pid: number): ReadonlySet<string> {
  const inodes = new Set<string>();
  try {
    for (const fd of readdirSync(`/proc/${pid}/fd`)) {
      const [, inode] = /^socket:\[(\d+)\]$/.exec(linkOf(`/proc/${pid}/fd/${fd}`)) ?? [];
      if (inode !== undefined) inodes.add(inode);
    }
  } catch (cause) {
    throw new TargetError(`Process ${pid} has ended`, { cause });
  }
  return inodes;
}

/** Reads all TCP sockets in the network namespace of a process. */
function tableOf(pid: string): SocketRow[] {
  return ["tcp", "tcp6"].flatMap((kind) => {
    const lines = (read(`/proc/${pid}/net/${kind}`) ?? "").split("\n").slice(1);
    return lines.flatMap((line) => {
      const [, local = "", , state = "", , , , , , inode = ""] = line.trim().split(/\s+/);
      const port = Number.parseInt(local.split(":")[1] ?? "", 16);
      return Number.isNaN(port) ? [] : { port, state, inode };
    });
  });
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return ""; // closed in the meantime
  }
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}
