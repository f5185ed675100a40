// Projects on disk in which the adapters work as they do for users.

import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { onTestFinished } from "vitest";

export const PACKAGE = fileURLToPath(new URL("../..", import.meta.url));
/** Longer than any program may take. */
const PATIENCE = 100_000;

/**
 * Makes a project of `files`, by their paths, with this package and those named by `installed`.
 * Returns the project's folder, which is removed after the test.
 */
export function newProject(
  files: Readonly<Record<string, string>>,
  installed: readonly string[] = [],
): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "mysyncio-transform-")));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  link(folder, "mysyncio", PACKAGE);
  for (const name of installed) link(folder, name, join(PACKAGE, "node_modules", name));
  return folder;
}

function link(folder: string, name: string, target: string): void {
  const path = join(folder, "node_modules", name);
  mkdirSync(dirname(path), { recursive: true });
  symlinkSync(target, path, "junction");
}

/** How a program ended. */
export interface Ending {
  readonly code: number | string | null | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs Node in `folder`. */
export function runNode(folder: string, args: readonly string[]): Promise<Ending> {
  const { NODE_OPTIONS: _, VITEST: __, MYSYNCIO_LANE: ___, ...env } = process.env;
  return new Promise((resolve) => {
    const options = { cwd: folder, env, timeout: PATIENCE, killSignal: "SIGKILL" as const };
    execFile(process.execPath, args, options, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : error.code, stdout, stderr });
    });
  });
}
