// The adapters in the tools that have lock files of their own, as users configure them.

import { execFileSync } from "node:child_process";
import { createRequire } from "node:module";
import { join } from "node:path";
import { expect, test } from "vitest";
import { newProject, PACKAGE, runNode } from "./project.ts";

const BUNDLERS = join(PACKAGE, "test", "bundlers");
const TOOLS = join(PACKAGE, "test", "transform", "packages");

execFileSync(process.execPath, [".ci/setup.mjs", "test/bundlers", "test/transform/packages"], {
  cwd: PACKAGE,
  stdio: "ignore",
});

/** The file of a tool's module. */
function fileIn(folder: string, specifier: string): string {
  return createRequire(join(folder, "package.json")).resolve(specifier);
}

const FILES = {
  "package.json": "{}",
  "tsconfig.json":
    '{ "compilerOptions": { "module": "esnext", "target": "es2022", "sourceMap": true } }',
  "main.ts": `import { price, type Price } from "./price";
import { modern } from "modern";
interface Report { text: string }
async function report(): Promise<Report> {
  const found: Price = await price();
  return { text: String(found.value + (await modern(1))) };
}
report().then(({ text }) => console.log(text, places()));
const places = () => [price, report, modern].map((f) => String(f).match(/[^"]*:[0-9]+:[0-9]+./)?.[0]).join();
`,
  "price.ts": `export interface Price { value: number }
export async function price(): Promise<Price> { return { value: await 1 } }`,
  "node_modules/modern/package.json": '{ "type": "module", "main": "main.js" }',
  "node_modules/modern/main.js": "export async function modern(x) { return (await x) + 1; }",
};
const PRINTED =
  "3 price (price.ts:2:65),report (main.ts:5:24),modern (node_modules/modern/main.js:1:43)\n";

/** A program that builds `main.ts` to `out/main.js`. */
const BUILDS = {
  rollup: `
    import { rollup } from ${JSON.stringify(bundler("rollup"))};
    import resolve from ${JSON.stringify(bundler("@rollup/plugin-node-resolve"))};
    import { default as exported } from ${JSON.stringify(bundler("rollup-plugin-esbuild"))};
    import mysyncio from "mysyncio/rollup";
    const typescript = exported.default ?? exported;
    const bundle = await rollup({
      input: "main.ts",
      // The plugin is listed first, to show that it still runs last.
      plugins: [mysyncio({ dependencies: ["modern"] }), resolve(), typescript({ target: "es2022" })],
    });
    await bundle.write({ file: "out/main.mjs", format: "es" });`,
  webpack: withWebpack("webpack", "default as webpack", "ts-loader", {
    transpileOnly: true,
  }),
  rspack: withWebpack("@rspack/core", "rspack as webpack", "builtin:swc-loader", {
    jsc: { parser: { syntax: "typescript" }, target: "es2022" },
  }),
};

function withWebpack(name: string, binding: string, loader: string, options: object): string {
  const path = loader.startsWith("builtin:") ? loader : fileIn(BUNDLERS, loader);
  return `
    import { ${binding} } from ${JSON.stringify(bundler(name))};
    import mysyncio from "mysyncio/webpack";
    const compiler = webpack({
      mode: "development",
      devtool: "source-map",
      target: "node",
      entry: "./main.ts",
      output: { path: process.cwd() + "/out", filename: "main.mjs" },
      resolve: { extensions: [".ts", ".js"] },
      plugins: [mysyncio({ dependencies: ["modern"] })],
      module: { rules: [{ test: /\\.ts$/, type: "javascript/auto", use: [{ loader: ${JSON.stringify(path)}, options: ${JSON.stringify(options)} }] }] },
    });
    compiler.run((error, stats) => {
      if (error || stats.hasErrors()) console.error(error ?? stats.toString());
      compiler.close(() => {});
    });`;
}

function bundler(specifier: string): string {
  return fileIn(BUNDLERS, specifier);
}

test.each(Object.entries(BUILDS))("the transformation works in %s", async (_, program) => {
  const folder = newProject({ ...FILES, "build.mjs": program });
  expect(await runNode(folder, ["build.mjs"])).toMatchObject({ code: 0, stderr: "" });

  expect(await runNode(folder, ["out/main.mjs"])).toEqual({ code: 0, stdout: PRINTED, stderr: "" });
});

test("the transformation works in Jest, with its own transformer and with mocks", async () => {
  const folder = newProject({
    "package.json":
      '{ "jest": { "transform": { "\\\\.[jt]s$": ["mysyncio/jest", { "exclude": ["sent.js"] }] } } }',
    "price.js": "exports.price = async () => await 1;",
    "cache.js":
      "const { price } = require('./price');\nexports.get = async () => {\n  return (await price()) + 1;\n};",
    "sent.js": "exports.sent = async (x) => await x;",
    "cache.test.js": `
      jest.mock("./price", () => ({ price: async () => await 41 }));
      const { get } = require("./cache");
      const { sent } = require("./sent");
      test("is transformed", async () => {
        expect([await get(), await sent(1)]).toEqual([42, 1]);
        expect(String(get)).toContain("get (cache.js:3:11)");
        expect(String(sent)).not.toContain("sent.js");
      });`,
  });
  const jest = join(TOOLS, "node_modules", "jest", "bin", "jest.js");
  const { code, stderr } = await runNode(folder, [jest, "--no-cache", "--ci"]);

  expect({ code, stderr }).toEqual({ code: 0, stderr: expect.stringMatching(/Tests: +1 passed/) });
});

test("the transformation works behind a TypeScript loader for Node", async () => {
  const folder = newProject({ ...FILES, "package.json": '{ "type": "module" }' });
  const { stdout, stderr } = await runNode(folder, [
    ...["--import", fileUrlIn(TOOLS, "tsx"), "--import", "mysyncio/register"],
    "main.ts",
  ]);

  expect(stderr).toBe("");
  expect(stdout).toContain("price (price.ts:2:65),report (main.ts:5:24)");
});

function fileUrlIn(folder: string, specifier: string): string {
  return `file://${fileIn(folder, specifier)}`;
}
