// Tests what the transform inserts, and that programs behave as before.

import { setImmediate } from "node:timers/promises";
import { expect, test } from "vitest";
import { rewriteAwaits } from "../../src/transform/rewriteAwaits.ts";
import { scale } from "../support/effort.ts";
import { type ProgramWorld, randomProgram } from "../support/randomPrograms.ts";
import { load, newWorld, OPTIONS, placesIn, rewritten } from "./programs.ts";

const IMPORT = 'import { at as __mysyncio_at } from "mysyncio/at";';

/** The transformed code, without the import and the names of the functions. */
function short(code: string): string {
  return rewritten(code)
    .replace(/;? ?import .*? from "mysyncio\/at";/, "")
    .replaceAll("__mysyncio_", "")
    .replaceAll("src/program.js:", "");
}

test("random programs log the same as natively, and each await passes through `at`", async () => {
  const programs = Array.from({ length: scale(40, 400) }, (_, seed) => randomProgram(seed + 1));
  const code = `export default [\n${programs.join(",\n")}\n];`;
  const [natively, transformed] = (await Promise.all(
    [code, rewritten(code)].map(async (text) => (await load(text))["default"]),
  )) as [Program[], Program[]];
  let awaits = 0;
  for (const [index, program] of natively.entries()) {
    const expected = newWorld();
    await settled(program(expected));
    const found = newWorld();
    const places = await placesIn(() => settled((transformed[index] as Program)(found)));

    expect(found.events, `program ${index + 1}`).toEqual(expected.events);
    expect(found.awaits).toBe(expected.awaits);
    expect(places.filter((place) => !place.startsWith("each"))).toHaveLength(expected.awaits);
    awaits += expected.awaits;
  }
  expect(awaits).toBeGreaterThan(programs.length);
});

/** Waits for a program, and for the work that it left behind. */
async function settled(program: Promise<void>): Promise<void> {
  await program;
  for (let macrotask = 0; macrotask < 20; macrotask++) await setImmediate();
}

type Program = (world: ProgramWorld) => Promise<void>;

test.each([
  ["a name", "async () => { await x }", 'async () => { await at( x, "<anonymous> (1:15)") }'],
  [
    "parentheses",
    "async () => { await(x) }",
    'async () => { await at((x), "<anonymous> (1:15)") }',
  ],
  [
    "a sequence",
    "async () => { await (x, y) }",
    'async () => { await at( (x, y), "<anonymous> (1:15)") }',
  ],
  [
    "comments",
    "async () => { await /* a */ x /* b */ }",
    'async () => { await at( /* a */ x, "<anonymous> (1:15)") /* b */ }',
  ],
  [
    "awaits that end at the same place",
    "async () => { await await x }",
    'async () => { await at( await at( x, "<anonymous> (1:21)"), "<anonymous> (1:15)") }',
  ],
  [
    "an arrow function that ends where its await does",
    "async () => await (async () => await x)()",
    'async () => await at( (async () => await at( x, "<anonymous> (1:32)"))(), "<anonymous> (1:13)")',
  ],
  [
    "a loop",
    "async () => { for await (const a of b) a }",
    'async () => { for await (const a of atEach((b), "<anonymous> (1:15)")) a }',
  ],
  [
    "a loop over a sequence, with an await at its end",
    "async () => { for await (const a of (b, await c)) a }",
    'async () => { for await (const a of (atEach((b, await at( c, "<anonymous> (1:41)")), "<anonymous> (1:15)"))) a }',
  ],
  [
    "a loop whose variable is an element",
    "async () => { for await (a[await i] of b) a }",
    'async () => { for await (a[await at( i, "<anonymous> (1:28)")] of atEach((b), "<anonymous> (1:15)")) a }',
  ],
  [
    "a template with characters of two units",
    "async () => { await `😀$" + "{await x}` }",
    "async () => { await at( `😀$" +
      '{await at( x, "<anonymous> (1:26)")}`, "<anonymous> (1:15)") }',
  ],
  [
    "an import",
    'async () => (await import("x")).y',
    'async () => (await at( import("x"), "<anonymous> (1:14)")).y',
  ],
])("rewriteAwaits rewrites %s", (_, code, expected) => {
  expect(short(code)).toBe(expected);
});

test.each([
  ["a function", "async function get() { await x }"],
  ["a variable", "const get = async () => await x"],
  ["a method", "({ async get() { await x } })"],
  ["a property", "({ get: async () => await x })"],
  ["an assignment", "exports.get = async function () { await x }"],
  ["a default", "({ get = async () => await x }) => {}"],
])("rewriteAwaits names the function of an await: %s", (_, code) => {
  expect(short(code)).toMatch(/"get \(1:\d+\)"/);
});

test.each([
  ["class Cache { async get() { await x } }", "Cache.get"],
  ["class Cache { get = async () => await x }", "Cache.get"],
  ["const Cache = class { async get() { await x } }", "Cache.get"],
  ["class Cache { static async #get() { await x } }", "Cache.#get"],
  ["export default async () => await x", "default"],
])("rewriteAwaits names the method of an await: %s", (code, name) => {
  expect(short(code)).toContain(`"${name} (1:`);
});

test("the inserted import comes before everything except #! and directives", () => {
  expect(rewritten("await x")).toBe(
    `${IMPORT}await __mysyncio_at( x, "module (src/program.js:1:1)")`,
  );
  expect(rewritten("#!/usr/bin/env node\nawait x")).toMatch(
    /^#!\/usr\/bin\/env node\nimport .*;await __mysyncio_at\( x, "module \(src\/program.js:2:1\)"\)$/,
  );
  expect(rewritten('"use client"\n"use strict"\nawait x')).toBe(
    `"use client"\n"use strict"; ${IMPORT}\nawait __mysyncio_at( x, "module (src/program.js:3:1)")`,
  );
});

test("the inserted names differ from the names in the module", () => {
  expect(rewritten("const __mysyncio_at = 1; await x")).toContain(
    "import { at as __mysyncio_at_ }",
  );
});

test.each([
  ["require", 'const x = require("x");\nexports.f = async () => { await x };'],
  ["sloppy code", "var await_ = 010;\nmodule.exports = async () => { await x };"],
  ["a return", "if (module.parent) return;\n(async () => { await x })();"],
])("CommonJS gets a require() instead of an import: %s", (_, code) => {
  expect(rewritten(code)).toMatch(
    /^const { at: __mysyncio_at } = require\(".*[\\/]dist[\\/]at\.cjs"\);/,
  );
});

test("a file that could be a module or CommonJS is treated as the options `kind` and `fallback` say", () => {
  const code = "(async () => { await x })()";
  expect(rewritten(code)).toContain("import {");
  expect(rewritten(code, { fallback: "commonjs" })).toContain("require(");
  expect(rewritten(code, { kind: "commonjs" })).toContain("require(");
});

test.each([
  ["a file without awaits", "export const x = 1;"],
  ["await as a name", "var await = 1; module.exports = await;"],
  ["the word in a text", 'console.log("await")'],
  ["a marked file", '"use native await"; await x'],
  ["a marked function", 'async function f() { "use native await"; await (async () => await x)() }'],
  ["the calls that Vitest moves above imports", "await vi.hoisted(async () => { await x })"],
  ["a file that is transformed already", rewritten("await x")],
])("rewriteAwaits does not change %s", (_, code) => {
  expect(rewriteAwaits(code, OPTIONS)).toBeUndefined();
});

test("a directive protects only the awaits of its own function", () => {
  const code = 'async () => { "use native await"; await x }; async () => { await y }';
  expect(short(code)).toBe(code.replace("await y", 'await at( y, "<anonymous> (1:60)")'));
});

test("rewriteAwaits keeps every line and its line ending", () => {
  const code = "await a\r\nawait b\nawait c\u2028await d\n\n";
  expect(short(code)).toBe(
    'await at( a, "module (1:1)")\r\nawait at( b, "module (2:1)")\nawait at( c, "module (3:1)")\u2028await at( d, "module (4:1)")\n\n',
  );
});

test("a statement that begins with an await needs no semicolon before it", async () => {
  const code = `
    const log = []
    const f = async () => {
      const a = 1
      await null
      log.push(a)
      ;(await [2]).forEach((n) => log.push(n))
      const b = log
      await [3].map((n) => b.push(n))
      return log
    }
    export default await f()
    await 0`;
  expect((await load(rewritten(code)))["default"]).toEqual([1, 2, 3]);
});

test("classes, generators and early exits behave as they do natively", async () => {
  const code = `
    const log = [];
    async function* numbers() { try { yield 1; yield 2; } finally { log.push(await "closed"); } }
    class Counter {
      static #made = 0;
      static { (async () => log.push(await "static"))(); }
      count = async (n) => (await null, n + ++Counter.#made);
      async *[await "each"]() { for await (const n of numbers()) yield await this.count(n); }
    }
    for await (const n of new Counter().each()) { log.push(n); break; }
    for await (const n of [Promise.resolve("a"), "b"]) log.push(n);
    const outcome = await Promise.reject(new Error("failed")).catch((error) => error.message);
    export default [...log, outcome];`;
  const expected = (await load(code))["default"];

  expect((await load(rewritten(code)))["default"]).toEqual(expected);
  expect(expected).toEqual(["static", 2, "closed", "a", "b", "failed"]);
});

test("a file that is not JavaScript causes an error that names it and a solution", async () => {
  const { rewriteFile } = await import("../../src/transform/rewriteFile.ts");
  expect(() => rewriteFile("const x: number = await y", OPTIONS)).toThrow(
    /^mysyncio can't find the awaits in \/project\/src\/program\.js: SyntaxError: Unexpected token \(1:7\)\. .*`exclude`/,
  );
});
