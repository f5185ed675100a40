// Programs that use the built package, each in a process of its own.

import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

/** Longer than any program may take. */
const PATIENCE = 20_000;

const root = fileURLToPath(new URL("../..", import.meta.url));

/**
 * Runs `program` as the file `name` in a folder that has the package installed, and gives what it prints.
 *
 * @throws if it fails, or does not end.
 */
export async function output(name: string, program: string): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), "mysyncio-"));
  try {
    mkdirSync(join(folder, "node_modules"));
    symlinkSync(root, join(folder, "node_modules", "mysyncio"), "junction");
    writeFileSync(join(folder, name), program);
    const { stdout } = await promisify(execFile)(process.execPath, [name], {
      cwd: folder,
      timeout: PATIENCE,
    });
    return stdout.trim();
  } finally {
    rmSync(folder, { recursive: true });
  }
}
