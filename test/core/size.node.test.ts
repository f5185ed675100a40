import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { coreBytes } from "../../src/core/compile.ts";

const bytes = readFileSync(new URL("../../build/core.wasm", import.meta.url));

test("the core is small enough for older browsers to compile it on a page's main thread", () => {
  expect(bytes.length).toBeLessThan(4_096);
});

test("the core imports nothing", () => {
  expect(WebAssembly.Module.imports(new WebAssembly.Module(bytes))).toEqual([]);
});

test("the core exports exactly what its binding uses, and nothing of the debug build", () => {
  const names = WebAssembly.Module.exports(new WebAssembly.Module(bytes)).map(({ name }) => name);

  expect(names.sort().join(" ")).toBe(
    "addTimer allocate capacity heap live makeRoom memory " +
      "release removeTimer reset rings schedule states timers turn",
  );
});

test("the embedded bytes are those of the build", () => {
  expect(Buffer.from(coreBytes()).equals(bytes)).toBe(true);
});
