// The names that the rules know are those of the package, as its types tell.

import assert from "node:assert/strict";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import ts from "typescript";
import { COROUTINE_FUNCTIONS, COROUTINE_METHODS, FUTURE_FUNCTIONS } from "../lib/names.js";

const ENTRIES = ["index", "node", "browser"].map((entry) =>
  fileURLToPath(new URL(`../../dist/${entry}.d.ts`, import.meta.url)),
);
const program = ts.createProgram(ENTRIES, {
  module: ts.ModuleKind.ESNext,
  moduleResolution: ts.ModuleResolutionKind.Bundler,
  lib: ["lib.es2023.d.ts", "lib.dom.d.ts", "lib.esnext.disposable.d.ts"],
  types: ["node"],
  skipLibCheck: true,
});
const checker = program.getTypeChecker();

/** What is exported, by name: the type of each value. @returns {Map<string, ts.Type>} */
function exported() {
  const values = new Map();
  for (const entry of ENTRIES) {
    const source = program.getSourceFile(entry);
    const module = source && checker.getSymbolAtLocation(source);
    for (const symbol of module ? checker.getExportsOfModule(module) : []) {
      const target =
        symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
      if (target.flags & ts.SymbolFlags.Value)
        values.set(symbol.name, checker.getTypeOfSymbol(target));
    }
  }
  return values;
}

/** What a function returns, in words. @param {ts.Type} type */
function results(type) {
  return type.getCallSignatures().map((signature) => {
    const result = checker.getReturnTypeOfSignature(signature);
    return result.aliasSymbol?.name ?? result.symbol?.name ?? "";
  });
}

const all = exported();

test("the list contains every function that returns a coroutine, and no other function", () => {
  assert.ok(all.size > 50);
  const found = [...all]
    .filter(([, type]) => results(type).includes("Coroutine"))
    .map(([name]) => name);
  assert.deepEqual(
    found.filter((name) => !COROUTINE_FUNCTIONS.has(name)),
    [],
  );
  assert.ok(found.length > 10);
  const others = [...COROUTINE_FUNCTIONS].filter((name) => all.has(name) && !found.includes(name));
  assert.deepEqual(others, []);
});

test("each function listed as returning a future does return one", () => {
  for (const name of FUTURE_FUNCTIONS) {
    const type = all.get(name);
    assert.ok(type, name);
    assert.ok(
      results(type).every((result) => ["Future", "Task"].includes(result)),
      name,
    );
  }
});

test("the list contains every method that returns a coroutine", () => {
  for (const [name, methods] of COROUTINE_METHODS) {
    const type = all.get(name)?.getConstructSignatures()[0]?.getReturnType();
    if (type === undefined) continue; // not in this version
    const found = checker
      .getPropertiesOfType(type)
      .filter((member) => results(checker.getTypeOfSymbol(member)).includes("Coroutine"))
      .map((member) => member.name)
      .filter((member) => !member.startsWith("_"));
    assert.deepEqual(
      found.filter((method) => !methods.includes(method)),
      [],
      name,
    );
    assert.ok(found.length > 0, name);
  }
});
