// One word, one idea: no two modules export different things under one name.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";
import { expect, test } from "vitest";

const SRC = fileURLToPath(new URL("../src", import.meta.url));

/** The names that a module declares and exports. Re-exports don't count. */
function exportsOf(file: string): string[] {
  const source = ts.createSourceFile(file, readFileSync(file, "utf8"), ts.ScriptTarget.Latest);
  return source.statements.flatMap((statement) => {
    if (!ts.canHaveModifiers(statement)) return [];
    const isExported = ts
      .getModifiers(statement)
      ?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword);
    if (!isExported) return [];
    if (ts.isVariableStatement(statement)) {
      return statement.declarationList.declarations.map(({ name }) => name.getText(source));
    }
    const { name } = statement as ts.DeclarationStatement;
    return name === undefined ? [] : [name.getText(source)];
  });
}

/**
 * The Node and the browser version of one thing share a name, as may the class that both extend.
 */
function isPlatformTwin(paths: readonly string[]): boolean {
  return ["node", "browser"].every((platform) =>
    paths.some((path) => path.split("/").includes(platform)),
  );
}

test("each exported name is unique across src", () => {
  const modules = new Map<string, Set<string>>();
  for (const path of readdirSync(SRC, { recursive: true, encoding: "utf8" })) {
    if (!path.endsWith(".ts")) continue;
    for (const name of exportsOf(join(SRC, path))) {
      modules.set(name, (modules.get(name) ?? new Set()).add(path));
    }
  }
  const clashes = [...modules]
    .filter(([, paths]) => paths.size > 1 && !isPlatformTwin([...paths]))
    .map(([name, paths]) => `${name}: ${[...paths].join(", ")}`);

  expect(modules.size).toBeGreaterThan(300);
  expect(clashes).toEqual([]);
});
