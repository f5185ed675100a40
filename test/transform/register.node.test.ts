// `mysyncio/register` in plain Node and under `node --test`.

import { expect, test } from "vitest";
import { newProject, runNode } from "./project.ts";

const FILES = {
  "package.json": '{ "type": "module" }',
  "sent.mjs": "export const sent = async (x) => { await x; };",
  "price.mjs":
    "export async function price() { return await 1; }\nexport const known = await price();",
  "common.cjs":
    "exports.common = async (x) => { const { price } = await import('./price.mjs'); return (await price()) + x; };",
  "sloppy.cjs": "exports.sloppy = async (x) => (await x) + 010;",
  "node_modules/modern/package.json": '{ "type": "module", "main": "main.js" }',
  "node_modules/modern/main.js": "export async function modern(x) { return (await x) + 1; }",
  "node_modules/common/package.json": '{ "main": "main.js" }',
  "node_modules/common/main.js": "exports.old = async (x) => (await x) + 2;",
};

const MAIN = `
  import { createRequire } from "node:module";
  import { price } from "./price.mjs";
  import { sent } from "./sent.mjs";
  import { common } from "./common.cjs";
  import { modern } from "modern";
  import { old } from "common";
  const { sloppy } = createRequire(import.meta.url)("./sloppy.cjs");
  console.log(await price(), await common(1), await sloppy(1), await modern(1), await old(1));
  const places = [price, common, sloppy, sent, modern, old].map((f) => String(f).match(/"([^"]*:[^"]*)"/)?.[1]);
  console.log(places.join("\\n"));
`;

test("mysyncio/register transforms modules and CommonJS that are imported or required", async () => {
  const folder = newProject({ ...FILES, "main.mjs": MAIN });
  const { stdout, stderr } = await runNode(folder, ["--import", "mysyncio/register", "main.mjs"]);

  expect(stderr).toBe("");
  expect(stdout.split("\n")).toEqual([
    "1 2 9 2 3",
    "price (price.mjs:1:40)",
    "common (common.cjs:1:51)",
    "sloppy (sloppy.cjs:1:32)",
    "sent (sent.mjs:1:36)",
    ...["", "", ""],
  ]);
});

test("mysyncio/register takes options from a module of the project", async () => {
  const folder = newProject({
    ...FILES,
    "main.mjs": MAIN,
    "register.mjs": `
      import register from "mysyncio/register";
      register({ dependencies: ["modern", "common"], exclude: ["sent.mjs", /sloppy/] });`,
  });
  const { stdout, stderr } = await runNode(folder, ["--import", "./register.mjs", "main.mjs"]);

  expect(stderr).toBe("");
  expect(stdout.split("\n")).toEqual([
    "1 2 9 2 3",
    "price (price.mjs:1:40)",
    "common (common.cjs:1:51)",
    ...["", ""],
    "modern (node_modules/modern/main.js:1:43)",
    "old (node_modules/common/main.js:1:29)",
    "",
  ]);
});

test("mysyncio/register transforms a program in CommonJS, and works under node --test", async () => {
  const folder = newProject({
    "main.cjs": "async function f() { await 1; }\nconsole.log(/main\\.cjs:1:22/.test(String(f)));",
    "some.test.mjs": `
      import assert from "node:assert/strict";
      import { test } from "node:test";
      test("is transformed", async () => {
        const f = async () => { await 1; };
        await f();
        assert.match(String(f), /some\\.test\\.mjs:5:33/);
      });`,
  });
  const program = await runNode(folder, ["--import", "mysyncio/register", "main.cjs"]);
  const tests = await runNode(folder, ["--import", "mysyncio/register", "--test"]);

  expect(program).toMatchObject({ stdout: "true\n", stderr: "" });
  expect(tests.stdout).toMatch(/^(#|ℹ) pass 1\n(.*\n)*?(#|ℹ) fail 0/m);
});

test("source maps from mysyncio/register point to the original source", async () => {
  const folder = newProject({
    "main.mjs": "const f = async (x) => { await x; throw new Error('here'); };\nawait f(1);",
  });
  const { stderr } = await runNode(folder, [
    ...["--enable-source-maps", "--import", "mysyncio/register"],
    "main.mjs",
  ]);

  expect(stderr).toMatch(/at f \(.*main\.mjs:1:41\)/);
});

test("mysyncio/register throws an error that names a file that cannot be parsed", async () => {
  const folder = newProject({ "main.mjs": "const x: number = await 1;" });
  const { code, stderr } = await runNode(folder, ["--import", "mysyncio/register", "main.mjs"]);

  expect(code).toBe(1);
  expect(stderr).toMatch(/mysyncio can't find the awaits in .*main\.mjs: SyntaxError/);
});
