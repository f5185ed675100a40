// Workers as processes of the built package, with tasks that are built for it.

import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { packageFolders } from "../../../src/fleet/bull/packages.ts";

const ROOT = fileURLToPath(new URL("../../..", import.meta.url));
/** The folder in which BullMQ and ioredis are installed. */
const PACKAGES = join(ROOT, "test", "fleet", "packages");

/** Installs the packages that the tests need beside the project, and makes them resolvable. */
export function usePackages(): void {
  if (!existsSync(join(PACKAGES, "node_modules", ".package-lock.json"))) {
    execFileSync(process.execPath, [join(ROOT, ".ci", "setup.mjs"), "test/fleet/packages"], {
      cwd: ROOT,
    });
  }
  if (!packageFolders.includes(PACKAGES)) packageFolders.push(PACKAGES);
}

/**
 * Builds modules of tasks into a folder, where they import the package by its name. Returns that
 * folder.
 */
export async function buildTasks(...files: string[]): Promise<string> {
  mkdirSync(join(ROOT, "build"), { recursive: true });
  const folder = mkdtempSync(join(ROOT, "build", "fleet-"));
  await build({
    entryPoints: files.map((file) => join(ROOT, "test", "fleet", file)),
    outdir: folder,
    bundle: true,
    format: "esm",
    platform: "node",
    target: "es2022",
    plugins: [
      {
        name: "package",
        setup({ onResolve }) {
          onResolve({ filter: /src\/(index|fleet)\.ts$/ }, ({ path }) => ({
            path: path.endsWith("fleet.ts") ? "mysyncio/fleet" : "mysyncio",
            external: true,
          }));
        },
      },
    ],
  });
  return folder;
}

export function removeTasks(folder: string): void {
  rmSync(folder, { recursive: true, force: true });
}

export class WorkerProcess {
  readonly process: ChildProcess;
  readonly lines: string[] = [];
  readonly exited: Promise<number | null>;
  readonly #ready: Promise<void>;

  /** Runs `mysyncio worker` with these arguments. */
  constructor(args: readonly string[], flags: readonly string[] = []) {
    const command = join(ROOT, "dist", "mysyncio.js");
    this.process = spawn(process.execPath, [...flags, command, "worker", ...args], {
      cwd: PACKAGES,
      stdio: ["ignore", "pipe", "pipe"],
    });
    const { stdout, stderr } = this.process;
    if (stdout === null || stderr === null) throw new Error("The worker has no output");
    this.exited = new Promise((resolve) => this.process.once("exit", (code) => resolve(code)));
    createInterface(stderr).on("line", (line) => this.lines.push(line));
    this.#ready = new Promise((resolve, reject) => {
      createInterface(stdout).on("line", (line) => {
        this.lines.push(line);
        if (/ runs /.test(line)) resolve();
      });
      void this.exited.then(() => {
        reject(new Error(`The worker has ended: ${this.lines.join("\n")}`));
      });
    });
    this.#ready.catch(() => undefined);
  }

  static async start(
    args: readonly string[],
    flags: readonly string[] = [],
  ): Promise<WorkerProcess> {
    const worker = new WorkerProcess(args, flags);
    await worker.#ready;
    return worker;
  }

  async kill(signal: NodeJS.Signals = "SIGKILL"): Promise<number | null> {
    this.process.kill(signal);
    return await this.exited;
  }
}
