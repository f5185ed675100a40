// Starts programs, and runs the command `mysyncio` on them.

import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach } from "vitest";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
export const COMMAND = join(ROOT, "dist", "mysyncio.js");
/** The main entry as a string literal, for programs. */
export const MAIN = JSON.stringify(new URL("../../dist/index.js", import.meta.url).href);
/** The longest that a command or the start of a program may take, in milliseconds. */
export const PATIENCE = 180_000;

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the command until it ends. */
export function command(...args: string[]): Promise<Ended> {
  return new Promise((resolve) => {
    const options = { timeout: PATIENCE, maxBuffer: 1e8 };
    const child = execFile(process.execPath, [COMMAND, ...args], options, (_, stdout, stderr) => {
      resolve({ code: child.exitCode, stdout, stderr });
    });
  });
}

/** Starts programs, and kills them after each test. */
export class Programs {
  readonly folder = mkdtempSync(join(ROOT, "build", "targets-"));
  children: ChildProcess[] = [];

  constructor() {
    afterEach(() => this.end());
    afterAll(() => rmSync(this.folder, { recursive: true }));
  }

  /** Starts a program, and waits until it prints something. Returns its PID. */
  async start(name: string, program: string, ...options: string[]): Promise<string> {
    const file = join(this.folder, name);
    writeFileSync(file, program);
    // A port of its own, because other tests run at the same time.
    const child = spawn(process.execPath, ["--inspect-port=0", ...options, file], {
      stdio: ["pipe", "pipe", "ignore"],
    });
    this.children.push(child);
    const ended = once(child, "exit").then(() => {
      throw new Error(`The program ${name} ended before it printed anything`);
    });
    await Promise.race([once(child.stdout, "data"), ended]);
    ended.catch(() => undefined); // it ends with the test
    return String(child.pid);
  }

  end(): void {
    for (const child of this.children) child.kill("SIGKILL");
    this.children = [];
  }
}

const WAITING = `import * as m from ${MAIN};
const queue = new m.Queue();
const lock = new m.Lock();
const receive = m.coroutine(function* receive() {
  yield* queue.get();
});
function* worker() {
  yield* receive();
}
await m.run(function* main() {
  yield* lock.acquire();
  yield* m.taskGroup(function* (group) {
    for (let i = 0; i < 20; i++) group.createTask(worker());
    group.createTask(function* writer() {
      yield* lock.acquire();
    }, { name: "<b>writer</b>" });
    yield* m.sleep(1);
    console.log("ready");
    PART
  });
});
`;

/** A program in which 20 tasks wait for a queue, one waits for a lock, and `main` runs `part`. */
export function waitingProgram(part: string): string {
  return WAITING.replace("PART", part);
}
