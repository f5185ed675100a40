// Tests that the example programs print what they are meant to show.
//
// The examples run as built, each in its own process, on the package that users get. In the suite
// over the reference core, they run in a Node without WebAssembly, where the package uses that
// core, except those that call `fetch`, which itself needs WebAssembly.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { describe, expect, inject, onTestFinished, test } from "vitest";
import { WITHOUT_WASM } from "../bench/programs/withoutWasm.ts";

const HAS_WASM = inject("core") === "wasm";
const FLAGS = HAS_WASM ? [] : WITHOUT_WASM;
const ROOT = new URL("..", import.meta.url);

/** Starts a built example. Its benchmarks do little, because only the form of their figures matters. */
function start(name: string, ...args: string[]) {
  const file = fileURLToPath(new URL(`build/examples/${name}.js`, ROOT));
  const env = { ...process.env, MYSYNCIO_BENCH_TRIAL: "1" };
  const child = spawn(process.execPath, [...FLAGS, file, ...args], { env });
  onTestFinished(() => {
    child.kill();
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const errors = text(child.stderr);
  const exit = once(child, "exit");
  return {
    async next(): Promise<string | undefined> {
      const { value, done } = await lines.next();
      return done ? undefined : value;
    },
    /** The lines that were not read yet, once the program has ended, and its exit code. */
    async rest(): Promise<{ lines: string[]; errors: string; code: number }> {
      const rest: string[] = [];
      for (let line = await this.next(); line !== undefined; line = await this.next()) {
        rest.push(line);
      }
      const [code] = await exit;
      return { lines: rest, errors: await errors, code };
    },
  };
}

/** A server that responds when the test tells it to. */
async function startServer() {
  const waiting = new Map<string, ServerResponse>();
  let onRequest = () => {};
  const server = createServer(({ url = "" }, response) => {
    waiting.set(url, response);
    onRequest();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  const { port } = server.address() as AddressInfo;
  return {
    origin: `http://127.0.0.1:${port}`,
    /** Resolves when `count` requests wait for their responses. */
    async requests(count: number): Promise<void> {
      while (waiting.size < count) {
        await new Promise<void>((resolve) => {
          onRequest = resolve;
        });
      }
    },
    answer(path: string, status: number, body: string): void {
      waiting.get(path)?.writeHead(status).end(body);
    },
    /** Closes the connection instead of answering. */
    hangUp(path: string): void {
      waiting.get(path)?.destroy();
    },
  };
}

/** An address at which nothing listens. */
async function closedOrigin(): Promise<string> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return `http://127.0.0.1:${port}`;
}

/** Replaces the parts that differ from run to run. */
function withoutMeasures(line: string): string {
  return line.replace(/\d+ ms$/, "# ms").replace(/127\.0\.0\.1:\d+/, "HOST");
}

const PROGRAMS = {
  helloWorld: ["Hello...", "... World!"],
  twoTasks: ["ping 1", "pong 1", "ping 2", "pong 2", "ping 3", "pong 3"],
  yieldFrom: [
    ...["Introducing", "  tick", "Introducing", "  tick", "Introducing", "  tick"],
    ...["Hello", "  tick", "Hello", "  tick", "Hello", "  tick"],
    ...["World", "  tick", "World", "  tick", "World", "  tick"],
    ...["By hand", "{ value: undefined, done: false }"],
    ...["By hand", "{ value: undefined, done: false }"],
    ...["By hand", "{ value: undefined, done: false }"],
    "{ value: 'By hand, three times', done: true }",
  ],
  sleeping: ["Good night", "Work 1", "Work 2", "Work 3", "Good morning, a second later"],
  aTask: ["hello ...", "... world"],
  aFuture: ["hello ...", "... world"],
};

const FETCHED = [
  "Fetching URL: http://HOST/after/400/ms",
  "Fetching URL: http://HOST/after/100/ms",
  "Fetching URL: http://HOST/after/300/ms",
  "Fetching URL: http://HOST/after/200/ms",
  "Received http://HOST/after/100/ms: 200, 1600 bytes, # ms",
  "Received http://HOST/after/200/ms: 200, 3200 bytes, # ms",
  "Received http://HOST/after/300/ms: 200, 4800 bytes, # ms",
  "Received http://HOST/after/400/ms: 200, 6400 bytes, # ms",
];

test.each(Object.entries(PROGRAMS))(
  "the example %s prints its lines in order",
  async (name, lines) => {
    expect(await start(name).rest()).toEqual({ lines, errors: "", code: 0 });
  },
);

if (HAS_WASM)
  describe("urlsInParallel", () => {
    test("prints responses in the order in which they arrive", async () => {
      const server = await startServer();
      const paths = ["/a", "/b", "/c", "/d"];
      const program = start("urlsInParallel", ...paths.map((path) => server.origin + path));
      for (const path of paths) {
        expect(await program.next()).toBe(`Fetching URL: ${server.origin}${path}`);
      }
      await server.requests(paths.length); // all requests have started before any is answered

      const received: string[] = [];
      for (const [path, status, body] of [
        ["/c", 200, "see"],
        ["/a", 404, ""],
        ["/d", 503, "down"],
        ["/b", 200, "ä"],
      ] as const) {
        server.answer(path, status, body);
        received.push(withoutMeasures((await program.next()) ?? ""));
      }

      expect(received).toEqual([
        "Received http://HOST/c: 200, 3 bytes, # ms",
        "Received http://HOST/a: 404, 0 bytes, # ms",
        "Received http://HOST/d: 503, 4 bytes, # ms",
        "Received http://HOST/b: 200, 2 bytes, # ms",
      ]);
      expect(await program.rest()).toEqual({ lines: [], errors: "", code: 0 });
    });

    test("prints why a URL failed, continues with the others, and exits with 1", async () => {
      const server = await startServer();
      const refusing = await closedOrigin();
      const urls = [`${refusing}/`, `${server.origin}/late`, "not a URL", `${server.origin}/gone`];
      const program = start("urlsInParallel", ...urls);
      for (const url of urls) expect(await program.next()).toBe(`Fetching URL: ${url}`);
      await server.requests(2);

      const failed = [await program.next(), await program.next()].sort();
      server.hangUp("/gone");
      const gone = await program.next();
      server.answer("/late", 200, "late");
      const late = await program.next();

      expect(failed).toEqual([
        `Failed ${refusing}/: connect ECONNREFUSED ${new URL(refusing).host}`,
        "Failed not a URL: Invalid URL",
      ]);
      expect(gone).toMatch(/^Failed .*\/gone: ./);
      expect(withoutMeasures(late ?? "")).toBe("Received http://HOST/late: 200, 4 bytes, # ms");
      expect(await program.rest()).toEqual({ lines: [], errors: "", code: 1 });
    });

    test("starts four servers of its own when no URL is passed", async () => {
      const { lines, errors, code } = await start("urlsInParallel").rest();

      expect({ lines: lines.map(withoutMeasures), errors, code }).toEqual({
        lines: FETCHED,
        errors: "",
        code: 0,
      });
    });
  });

if (HAS_WASM)
  describe("main", () => {
    test("runs every program, then counts the tasks per second", async () => {
      const { lines, errors, code } = await start("main").rest();

      const programs = { ...PROGRAMS, urlsInParallel: FETCHED };
      const shown = Object.entries(programs).flatMap(([name, own]) => ["", `== ${name}`, ...own]);
      expect(lines.slice(0, shown.length).map(withoutMeasures)).toEqual(shown);
      expect(lines.slice(shown.length)).toEqual([
        "",
        "== tasksPerSecond",
        expect.stringMatching(/^Node \S+, V8 \S+, .*, medians of \d+ alternating rounds$/),
        "",
        expect.stringMatching(/^per second +mysyncio +native promises +ratio$/),
        expect.stringMatching(/^tasks started and awaited +[\d,]+ +[\d,]+ +\d+\.\d\dx$/),
        expect.stringMatching(/^task switches +[\d,]+ +[\d,]+ +\d+\.\d\dx$/),
        expect.stringMatching(/^futures completed and awaited +[\d,]+ +[\d,]+ +\d+\.\d\dx$/),
      ]);
      expect({ errors, code }).toEqual({ errors: "", code: 0 });
    });

    test("fetches the URLs, and runs no examples, when URLs are passed", async () => {
      const server = await startServer();
      const program = start("main", `${server.origin}/only`);
      await server.requests(1);
      server.answer("/only", 200, "one");

      const { lines, errors, code } = await program.rest();

      expect({ lines: lines.map(withoutMeasures), errors, code }).toEqual({
        lines: ["Fetching URL: http://HOST/only", "Received http://HOST/only: 200, 3 bytes, # ms"],
        errors: "",
        code: 0,
      });
    });
  });
