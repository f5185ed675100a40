import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { CORE_HEX } from "../../src/core/bytes.ts";
import { decodeHex } from "../../src/core/compile.ts";

const bytes = readFileSync(new URL("../../build/core.wasm", import.meta.url));

test("the core is small enough for older browsers to compile it on a page's main thread", () => {
  expect(bytes.length).toBeLessThan(4_096);
});

test("the core asks for nothing from outside", () => {
  expect(WebAssembly.Module.imports(new WebAssembly.Module(bytes))).toEqual([]);
});

test("the core exports what the binding knows, and nothing of the debug build", () => {
  const names = WebAssembly.Module.exports(new WebAssembly.Module(bytes)).map(({ name }) => name);

  expect(names.sort().join(" ")).toBe(
    "addTimer allocate capacity heap live makeRoom memory places " +
      "release removeTimer reset rings schedule timers turn",
  );
});

test("the embedded bytes are those of the build", () => {
  expect(Buffer.from(decodeHex(CORE_HEX)).equals(bytes)).toBe(true);
});
