// `node --import mysyncio/inspector/register app.js`: prepares a process for inspection.
//
// Starts a helper thread, which listens on a Unix socket in a folder that only this user can enter.
// The main thread is interrupted only while a command is connected, and no port is ever opened.
//
// Also makes locks record who holds them, because that can't be found out later.

import { mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isMainThread, Worker } from "node:worker_threads";
import { type HelperData, helperFolder, SOCKET_NAME } from "./helperFolder.ts";

/** Modules in the folder of this one. */
const THREAD = new URL("./helperThread.js", import.meta.url);
const HOLDERS = new URL("./recordHolders.js", import.meta.url);

// Runs in workers too, because each thread has its own copy of the package.
try {
  await import(HOLDERS.href);
} catch (error) {
  warn(error);
}

// Worker threads inherit `--import`, but one helper is enough.
if (isMainThread) {
  try {
    startHelper();
  } catch (error) {
    warn(error);
  }
}

function startHelper(): void {
  removeLeftovers();
  // Made with mode 0700.
  const folder = mkdtempSync(join(tmpdir(), `${helperFolder(process.pid)}-`));
  process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
  const thread = new Worker(THREAD, {
    name: "mysyncio inspector",
    workerData: { path: join(folder, SOCKET_NAME) } satisfies HelperData,
    execArgv: [],
    argv: [],
  });
  thread.on("error", warn);
  thread.unref();
}

/**
 * Removes the folders left by processes that a signal has ended. A folder whose PID isn't in use
 * may also belong to a process in another container, where PIDs differ. So a folder is removed only
 * if nobody listens on its socket.
 */
function removeLeftovers(): void {
  for (const name of readdirSync(tmpdir())) {
    const pid = /^mysyncio-inspector-(\d+)-\w+$/.exec(name)?.[1];
    if (pid === undefined || isAlive(Number(pid))) continue;
    const folder = join(tmpdir(), name);
    const socket = connect(join(folder, SOCKET_NAME));
    socket.unref();
    socket.on("connect", () => socket.destroy());
    socket.on("error", ({ code }: NodeJS.ErrnoException) => {
      // Nobody listens, so the process has ended. While a process is still starting, there is no
      // socket yet, so the error is ENOENT.
      if (code === "ECONNREFUSED") removeOwn(folder);
    });
  }
}

function removeOwn(folder: string): void {
  try {
    if (statSync(folder).uid === process.getuid?.()) rmSync(folder, { recursive: true });
  } catch {
    // Another process removes it too.
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

/** Warns instead of throwing, because the program can run even if it can't be inspected. */
function warn(error: unknown): void {
  process.emitWarning(`mysyncio/inspector/register could not start its helper: ${String(error)}`, {
    code: "MYSYNCIO_INSPECTOR_HELPER",
  });
}
