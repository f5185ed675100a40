// Programs that a case measures from outside: servers, and their load generators.

import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { at, built } from "../harness/paths.ts";

const FILES = 20_000;
/** Sets the limit of open files to `FILES`, or as high as allowed, and then becomes the program. */
const RAISE_LIMIT = `ulimit -n ${FILES} 2> /dev/null || ulimit -n $(ulimit -H -n); exec "$0" "$@"`;

/** A program that replies to each line with a line. */
export class Program {
  readonly #child: ChildProcess;
  readonly #lines: AsyncIterator<string>;

  private constructor(command: string, args: readonly string[]) {
    const child = spawn("/bin/sh", ["-c", RAISE_LIMIT, command, ...args], {
      stdio: ["pipe", "pipe", "inherit"],
    });
    this.#child = child;
    this.#lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  }

  /** Starts a built program of this project: `bench/programs/echoServer`. */
  static node(program: string, ...args: string[]): Program {
    return Program.nodeWith([], program, ...args);
  }

  /** Like `node`, with options for Node. */
  static nodeWith(options: readonly string[], program: string, ...args: string[]): Program {
    const file = fileURLToPath(built(program));
    return new Program(process.execPath, ["--expose-gc", ...options, file, ...args]);
  }

  /** Starts a Python program of this folder, with the `python3` on the path or another one. */
  static python(program: string, args: readonly string[], python = "python3"): Program {
    const file = fileURLToPath(at(`bench/programs/${program}.py`));
    return new Program(python, [file, ...args]);
  }

  /** Waits for its next line. Returns undefined if it has ended. */
  async next(): Promise<string | undefined> {
    const { value, done } = await this.#lines.next();
    return done ? undefined : value;
  }

  /** The last number in its next line, such as the port that a server listens on. */
  async number(): Promise<number> {
    const line = await this.next();
    const digits = line?.match(/[\d.]+(?=\D*$)/)?.[0];
    if (digits === undefined) throw new Error(`Expected a number from the program, got ${line}`);
    return Number(digits);
  }

  /** Sends it a line, and waits for its answer. */
  async ask(line: string): Promise<string> {
    this.#child.stdin?.write(`${line}\n`);
    const answer = await this.next();
    if (answer === undefined) throw new Error(`The program ended before it answered ${line}`);
    return answer;
  }

  end(signal: NodeJS.Signals = "SIGTERM"): void {
    this.#child.kill(signal);
  }
}
