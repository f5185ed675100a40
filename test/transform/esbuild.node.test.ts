// The plugin in builds by esbuild.

import { type BuildOptions, build } from "esbuild";
import { expect, test } from "vitest";
import mysyncio from "../../src/esbuild.ts";
import { newProject, runNode } from "./project.ts";

const FILES = {
  "package.json": '{ "type": "module" }',
  "tsconfig.json": '{ "compilerOptions": { "jsx": "react", "jsxFactory": "h" } }',
  "main.tsx": `
    import { price, type Price } from "./price";
    import { common } from "common";
    import { modern } from "modern";
    const h = (name: string) => name;
    const first: Price = await price();
    console.log(first.value, await common(1), await modern(1), await Promise.resolve(<b />));
    console.log(String(price).match(/[^"]*price.ts[^"]*/)?.[0]);
    console.log(/main.js/.test(String(common)), /main.js/.test(String(modern)));`,
  "price.ts": `export interface Price { value: number }
    enum Currency { EUR = 1 }
    export async function price(): Promise<Price> { return { value: await Currency.EUR } }`,
  "node_modules/modern/package.json": '{ "type": "module", "main": "main.js" }',
  "node_modules/modern/main.js": "export async function modern(x) { return (await x) + 1; }",
  "node_modules/common/package.json": '{ "main": "main.js" }',
  "node_modules/common/main.js":
    "var ten = 012;\\nexports.common = async (x) => (await x) + ten;".replace("\\n", "\n"),
};

async function built(options: BuildOptions = {}) {
  const folder = newProject(FILES);
  await build({
    absWorkingDir: folder,
    entryPoints: ["main.tsx"],
    bundle: true,
    format: "esm",
    outfile: "out.js",
    sourcemap: true,
    logLevel: "silent",
    plugins: [mysyncio({ dependencies: ["common"] })],
    ...options,
  });
  return folder;
}

test("the esbuild plugin compiles TypeScript and JSX as configured, and marks only the awaits in selected files", async () => {
  const { stdout, stderr } = await runNode(await built(), ["out.js"]);

  expect(stderr).toBe("");
  expect(stdout.split("\n")).toEqual(["1 11 2 b", "price (price.ts:3:69)", "true false", ""]);
});

test("source maps from the esbuild plugin point to the TypeScript source", async () => {
  const files = {
    "main.ts":
      "interface A {}\ntype B = A;\nexport const f = async (x: B) => {\n  await x;\n  throw new Error(`here`);\n};\nawait f({});\n",
  };
  const folder = newProject(files);
  await build({
    absWorkingDir: folder,
    entryPoints: ["main.ts"],
    bundle: true,
    format: "esm",
    outfile: "out.mjs",
    sourcemap: true,
    plugins: [mysyncio()],
  });
  const { stderr } = await runNode(folder, ["--enable-source-maps", "out.mjs"]);

  expect(stderr).toMatch(/at f \(.*main\.ts:5:9\)/);
});

test("the esbuild plugin throws an error that names a dependency that is not installed, or an unknown option", async () => {
  await expect(built({ plugins: [mysyncio({ dependencies: ["absent"] })] })).rejects.toThrow(
    /Expected `dependencies` to be names of packages that are installed in .*, got `"absent"` \(string\)/,
  );
  expect(() => mysyncio({ includes: "src" } as object)).toThrow(
    "Expected only the options `include`, `exclude`, `dependencies`, got `includes`",
  );
});

test("the esbuild plugin throws an error that names a file that cannot be parsed", async () => {
  const folder = newProject({ "main.js": "await await await;" });
  const result = build({
    absWorkingDir: folder,
    entryPoints: ["main.js"],
    logLevel: "silent",
    write: false,
    plugins: [mysyncio()],
  });

  await expect(result).rejects.toThrow(/mysyncio can't find the awaits in .*main\.js: SyntaxError/);
});
