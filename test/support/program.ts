// Programs that use the built package, each in its own process.

import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

/** Longer than any program may take. */
const PATIENCE = 60_000;

const root = fileURLToPath(new URL("../..", import.meta.url));

/** How a program ended, and the lines that it printed. */
export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string[];
  readonly stderr: string[];
}

/**
 * Runs `program` as the file `name` in a folder that has the package installed, and returns its
 * output.
 *
 * @throws if it fails or does not end
 */
export async function output(name: string, program: string): Promise<string> {
  return inFolder(name, program, async (cwd) => {
    const { stdout } = await promisify(execFile)(process.execPath, [name], {
      cwd,
      timeout: PATIENCE,
    });
    return stdout.trim();
  });
}

/** Runs `program` likewise. Returns how it ended, even if it failed or was killed. */
export function exitOf(program: string, flags: readonly string[] = []): Promise<Exit> {
  const name = "program.mjs";
  return inFolder(name, program, (cwd) => {
    return new Promise((resolve) => {
      const child = execFile(
        process.execPath,
        [...flags, name],
        { cwd, timeout: PATIENCE, killSignal: "SIGKILL" },
        (_error, stdout, stderr) => {
          const { exitCode: code, signalCode: signal } = child;
          resolve({ code, signal, stdout: linesOf(stdout), stderr: linesOf(stderr) });
        },
      );
    });
  });
}

function linesOf(text: string): string[] {
  return text.split("\n").filter((line) => line !== "");
}

async function inFolder<T>(
  name: string,
  program: string,
  use: (folder: string) => Promise<T>,
): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), "mysyncio-"));
  try {
    mkdirSync(join(folder, "node_modules"));
    symlinkSync(root, join(folder, "node_modules", "mysyncio"), "junction");
    writeFileSync(join(folder, name), program);
    return await use(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
