// A built example in its own process, as users run it.

import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { inject, onTestFinished } from "vitest";
import { WITHOUT_WASM } from "../../bench/programs/withoutWasm.ts";

/** `fetch` itself needs WebAssembly. */
const THAT_FETCH = ["crawler", "plain/crawler"];

const ROOT = new URL("../..", import.meta.url);

/** How a program ended: its unread lines, its output to stderr, and its exit code. */
export interface Ending {
  readonly lines: string[];
  readonly errors: string;
  readonly code: number | null;
}

export class Program {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #lines: AsyncIterator<string>;
  readonly #errors: Promise<string>;
  readonly #exit: Promise<unknown[]>;

  constructor(name: string, args: readonly string[]) {
    const file = fileURLToPath(new URL(`build/examples/${name}.js`, ROOT));
    const flags = inject("core") === "wasm" || THAT_FETCH.includes(name) ? [] : WITHOUT_WASM;
    this.#child = spawn(process.execPath, [...flags, file, ...args]);
    this.#lines = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]();
    this.#errors = text(this.#child.stderr);
    this.#exit = once(this.#child, "exit");
    onTestFinished(() => {
      this.#child.kill("SIGKILL");
    });
  }

  /** The next line of output, or undefined at the end. */
  async next(): Promise<string | undefined> {
    const { value, done } = await this.#lines.next();
    return done ? undefined : value;
  }

  /** The port that it prints. */
  async port(): Promise<number> {
    const line = (await this.next()) ?? "";
    const [, port] = /^Listening on (?:http:\/\/)?127\.0\.0\.1:(\d+)\/?$/.exec(line) ?? [];
    if (port === undefined) throw new Error(`Expected a port, got ${line}: ${await this.#errors}`);
    return Number(port);
  }

  /** Types a line. With `isEnd`, nothing follows. */
  type(text: string, isEnd = false): void {
    if (isEnd) this.#child.stdin.end(text);
    else this.#child.stdin.write(text);
  }

  /** Presses Ctrl-C. */
  interrupt(): void {
    this.#child.kill("SIGINT");
  }

  async end(): Promise<Ending> {
    const lines: string[] = [];
    for (let line = await this.next(); line !== undefined; line = await this.next()) {
      lines.push(line);
    }
    const [code] = (await this.#exit) as [number | null];
    return { lines, errors: await this.#errors, code };
  }
}

/** Starts an example. The end of the test kills it. */
export function start(name: string, ...args: string[]): Program {
  return new Program(name, args);
}

/** How a server ends after Ctrl-C. */
export const CLOSED: Ending = { lines: ["Closed"], errors: "", code: 0 };
