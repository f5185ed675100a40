// The plugin in a project that Vitest tests, and in builds by Vite.

import { join } from "node:path";
import { build } from "vite";
import { expect, test } from "vitest";
import mysyncio from "../../src/vite.ts";
import { newProject, runNode } from "./project.ts";

const CACHE = `interface Entry {
  value: number;
}

export class Cache {
  async get(load: () => Promise<Entry>): Promise<number> {
    const entry: Entry = await load();
    return entry.value;
  }
}
`;

const PACKAGES = {
  "node_modules/modern/package.json": '{ "type": "module", "main": "main.js" }',
  "node_modules/modern/main.js": "export async function modern(x) { return (await x) + 1; }",
  "node_modules/@old/common/package.json": '{ "main": "main.js" }',
  "node_modules/@old/common/main.js":
    "const eight = 8;\nexports.common = async function (x) { return (await x) + eight; };",
  "node_modules/native/package.json": '{ "type": "module", "main": "main.js" }',
  "node_modules/native/main.js": "export async function native(x) { return (await x) + 2; }",
};

test("the Vite plugin works in Vitest: TypeScript, mocks, dependencies, cycles and top-level await", async () => {
  const folder = newProject(
    {
      ...PACKAGES,
      "package.json": '{ "type": "module" }',
      "vitest.config.ts": `
        import mysyncio from "mysyncio/vite";
        import { defineConfig } from "vitest/config";
        export default defineConfig({
          plugins: [mysyncio({ dependencies: ["modern", "@old/common"], exclude: "src/sent.ts" })],
        });`,
      "src/cache.ts": CACHE,
      "src/sent.ts": "export const sent = async (x: number) => { await x; };",
      "src/odd.ts":
        'import { even } from "./even";\nexport async function odd(n: number): Promise<boolean> { return n !== 0 && (await even(n - 1)); }',
      "src/even.ts":
        'import { odd } from "./odd";\nexport async function even(n: number): Promise<boolean> { return n === 0 || (await odd(n - 1)); }\nexport const known = await odd(3);',
      "src/price.ts": "export const price = async () => 1;\nexport const other = 2;",
      "all.test.ts": `
        import { expect, test, vi } from "vitest";
        import { Cache } from "./src/cache";
        import { known } from "./src/even";
        import { sent } from "./src/sent";
        import { other, price } from "./src/price";
        import { modern } from "modern";
        import { common } from "@old/common";
        import { native } from "native";

        const { value } = await vi.hoisted(async () => { await 0; return { value: 40 }; });
        vi.mock("./src/price", async (importOriginal) => {
          const original = await importOriginal<object>();
          return { ...original, price: async () => (await value) + 2 };
        });

        test("the places passed to at() refer to the original source", async () => {
          expect(await new Cache().get(async () => ({ value: 5 }))).toBe(5);
          expect(String(Cache)).toContain('"Cache.get (src/cache.ts:7:26)"');
        });
        test("mocks and cycles work", async () => {
          expect([await price(), other, known]).toEqual([42, 2, true]);
          expect(String(price)).toContain("all.test.ts:");
        });
        test("only named dependencies are transformed", async () => {
          expect([await modern(1), await common(1), await native(1)]).toEqual([2, 9, 3]);
          expect(String(modern)).toContain('"modern (node_modules/modern/main.js:1:43)"');
          expect(String(common)).toContain('"common (node_modules/@old/common/main.js:2:47)"');
          expect(String(native)).toBe("async function native(x) { return (await x) + 2; }");
          expect(String(sent)).not.toContain("sent.ts:");
        });`,
    },
    ["vitest", "vite"],
  );
  const { code, stdout, stderr } = await runNode(folder, [
    "node_modules/vitest/vitest.mjs",
    ...["run", "--no-color"],
  ]);

  expect({ code, stdout, stderr }).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/Tests +3 passed/),
    stderr: "",
  });
});

const builds = async (mode: string) => {
  const root = newProject({ "main.ts": "export const f = async (x: number) => { await x; };" });
  const result = await build({
    root,
    mode,
    configFile: false,
    logLevel: "silent",
    plugins: [mysyncio()],
    build: {
      write: false,
      minify: false,
      rollupOptions: { external: "mysyncio/at" },
      lib: { entry: join(root, "main.ts"), formats: ["es"] },
    },
  });
  return (result as { output: { code: string }[] }[])[0]?.output[0]?.code;
};

test("the Vite plugin transforms all builds except production builds", async () => {
  expect(await builds("test")).toContain('"f (main.ts:1:41)"');
  expect(await builds("production")).not.toContain("main.ts");
});
