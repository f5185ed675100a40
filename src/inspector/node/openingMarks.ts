// Marks processes that were asked to open their inspector. Each mark is an empty file.
//
// A command that ends before it has connected can't make the inspector close again, and a blocked
// process may open its inspector even after that. The next command then finds the mark, and makes
// the process close its inspector.

import { lstatSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startTimeOf } from "./processFacts.ts";

const PREFIX = "mysyncio-opening-";

/** Marks a process, and removes the marks of processes that have ended. */
export function markOpening(pid: number): void {
  const path = pathOf(pid);
  if (path === undefined) return;
  try {
    removeLeftovers();
    // "wx" never follows a link, which another user may have put there.
    writeFileSync(path, "", { flag: "wx", mode: 0o600 });
  } catch {
    // The process is marked already, or marks can't be written. The command works without a mark.
  }
}

/** Whether an earlier command of this user has marked the process. */
export function isMarked(pid: number): boolean {
  const path = pathOf(pid);
  return path !== undefined && isOwn(path);
}

export function unmark(pid: number): void {
  const path = pathOf(pid);
  if (path !== undefined && isOwn(path)) rmSync(path, { force: true });
}

/**
 * Returns the path of a mark. It contains the start time of the process, because a PID may be used
 * again.
 */
function pathOf(pid: number): string | undefined {
  const start = startTimeOf(pid);
  return start === undefined ? undefined : join(tmpdir(), `${PREFIX}${pid}-${start}`);
}

function isOwn(path: string): boolean {
  const file = lstatSync(path, { throwIfNoEntry: false });
  return file?.isFile() === true && file.uid === process.geteuid?.();
}

function removeLeftovers(): void {
  for (const name of readdirSync(tmpdir())) {
    const [, pid, start] = /^mysyncio-opening-(\d+)-(\d+)$/.exec(name) ?? [];
    const path = join(tmpdir(), name);
    if (pid === undefined || startTimeOf(Number(pid)) === start || !isOwn(path)) continue;
    rmSync(path, { force: true });
  }
}
