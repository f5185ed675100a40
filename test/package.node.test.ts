// The package as users install it, from ECMAScript modules and from CommonJS.

import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { isExhaustive } from "./support/effort.ts";
import { exitOf, output } from "./support/program.ts";

describe("a program runs", () => {
  test("from an ECMAScript module", async () => {
    const program = `
      import { run, sleep } from "mysyncio";
      console.log(await run(function* () {
        console.log("hello ...");
        yield* sleep(1);
        return "... world";
      }));`;

    expect(await output("main.mjs", program)).toBe("hello ...\n... world");
  });

  test("from CommonJS by require", async () => {
    const program = `
      const { run, gather, sleep } = require("mysyncio");
      run(function* () {
        return yield* gather([sleep(2, "hello"), sleep(1, "world")]);
      }).then(([hello, world]) => console.log(hello, world));`;

    expect(await output("main.cjs", program)).toBe("hello world");
  });

  test("from modules and CommonJS in one process, which share the package", async () => {
    const program = `
      import { createRequire } from "node:module";
      import { CancelledError } from "mysyncio";
      const required = createRequire(import.meta.url)("mysyncio");
      console.log(required.CancelledError === CancelledError);`;

    expect(await output("main.mjs", program)).toBe("true");
  });

  test("in debug mode, which reports the line in the program that swallowed a cancellation", async () => {
    const program = `
      import { Lock, createTask, getRunningLoop, run } from "mysyncio";
      await run(function* () {
        getRunningLoop().slowCallbackDuration = Infinity; // a busy machine is no news
        const lock = new Lock();
        yield* lock.acquire();
        const task = createTask(function* careless() {
          try { yield* lock.acquire(); } catch {}
        });
        yield;
        task.cancel();
        yield* task;
      }, { debug: true });`;

    expect(await exitOf(program)).toMatchObject({
      code: 0,
      stderr: [expect.stringMatching(/waited at careless \(.*program\.mjs:8:\d+\), and ended/)],
    });
  });

  test("and ends with the error that it throws", async () => {
    const program = `
      import { run } from "mysyncio";
      await run(function* () { throw new Error("of the program"); });`;

    await expect(output("main.mjs", program)).rejects.toThrow("Error: of the program");
  });
});

describe("importing the package", () => {
  const ENTRIES = [
    "mysyncio",
    "mysyncio/node",
    "mysyncio/browser",
    "mysyncio/testing",
    "mysyncio/inspector",
    "mysyncio/otel",
    "mysyncio/inspector/element",
    "mysyncio/fleet",
    "mysyncio/express",
    "mysyncio/fastify",
    "mysyncio/hono",
    "mysyncio/fetch",
  ];

  /** In the exhaustive lane, each program imports one entry. */
  const SETS = isExhaustive()
    ? ENTRIES.map((entry) => ({ name: entry, entries: [entry] }))
    : [{ name: "each of its entries", entries: ENTRIES }];

  test.concurrent.each(SETS)(
    "as $name changes no globals and keeps no process alive",
    async ({ entries }) => {
      const program = `
      const all = () => Reflect.ownKeys(globalThis).map((key) => {
        const { value, get } = Object.getOwnPropertyDescriptor(globalThis, key);
        return [key, value, get];
      });
      for (const entry of ${JSON.stringify(entries)}) {
        const [before, listeners] = [all().flat(), process.eventNames()];
        await import(entry);
        const after = all().flat();
        const isSame = after.length === before.length && after.every((x, i) => Object.is(x, before[i]));
        console.log(entry, isSame, process.eventNames().length - listeners.length);
      }
      setTimeout(() => console.log("kept alive"), 1_000).unref();`;

      const expected = entries.map((entry) => `${entry} true 0`);
      expect(await output("main.mjs", program)).toBe(expected.join("\n"));
    },
  );

  test("compiles no WebAssembly until a loop is created", async () => {
    const program = `
      let compiled = 0;
      const { Module } = WebAssembly;
      WebAssembly.Module = class extends Module {
        constructor(bytes) { super(bytes); compiled++; }
      };
      const { newEventLoop } = await import("mysyncio");
      console.log(compiled, newEventLoop().core, compiled);`;

    expect(await output("main.mjs", program)).toBe("0 wasm 1");
  });

  test.concurrent.each(SETS)("as $name returns the same classes", async ({ entries }) => {
    const program = `
      import * as main from "mysyncio";
      for (const name of ${JSON.stringify(entries)}) {
        const entry = await import(name);
        const shared = Object.keys(entry).filter((name) => name in main);
        const isSame = shared.every((name) => entry[name] === main[name]);
        console.log(name, Object.keys(entry).length > 0, isSame);
      }`;

    const expected = entries.map((entry) => `${entry} true true`);
    expect(await output("main.mjs", program)).toBe(expected.join("\n"));
  });
});

test("mysyncio/core.wasm is the core, and imports nothing", async () => {
  const program = `
    import { readFileSync } from "node:fs";
    const file = new URL(import.meta.resolve("mysyncio/core.wasm"));
    const core = new WebAssembly.Module(readFileSync(file));
    const names = WebAssembly.Module.exports(core).map(({ name }) => name);
    console.log(WebAssembly.Module.imports(core).length, names.includes("turn"));`;

  expect(await output("main.mjs", program)).toBe("0 true");
});

test("the main entry is one file, which exports only copies of its constants", () => {
  const dist = new URL("../dist/", import.meta.url);
  const imported = (code: string) => [...code.matchAll(/from "\.\/(.+)"/g)].map(([, name]) => name);
  const files = imported(readFileSync(new URL("index.js", dist), "utf8"));
  const code = readFileSync(new URL(files[0] as string, dist), "utf8");
  const constants = new Set(
    [...code.matchAll(/^const (\w+) = (?!\w+;)/gm)].map(([, name]) => name),
  );
  const [, list = ""] = /^export \{([^}]*)\}/m.exec(code) ?? [];
  const exported = list.split(",").map((item) => item.trim().split(" ")[0]);

  expect([files.length, imported(code), constants.size > 100]).toEqual([1, [], true]);
  expect(exported).toContain("Future_");
  expect(exported.filter((name) => constants.has(name))).toEqual([]);
});

test("the source maps mark all sources as library code, whose frames debuggers hide", () => {
  const dist = new URL("../dist/", import.meta.url);
  const maps = readdirSync(dist).filter((name) => name.endsWith(".js.map"));
  const hidden = maps.map((name) => {
    const { sources, ignoreList } = JSON.parse(readFileSync(new URL(name, dist), "utf8"));
    return [sources.length, ignoreList.length];
  });

  expect(hidden.every(([sources, ignored]) => sources === ignored)).toBe(true);
  expect(hidden.some(([sources]) => sources > 0)).toBe(true);
});
