// Tests use the package as programs do: they import exported names from an entry, so that an import
// from elsewhere marks a test of an internal.
//
// This covers only entries that are independent of the platform. The others set their platform up
// when they are imported.

import { readdirSync, readFileSync } from "node:fs";
import { posix } from "node:path";
import ts from "typescript";
import { expect, test } from "vitest";

const ROOT = new URL("..", import.meta.url);
const ENTRIES = ["src/index.ts", "src/testing.ts"];
/** Compiled or bundled as user programs. */
const PROGRAMS = /^test\/(bundlers|matrix|types)\//;

interface Names {
  readonly module: string;
  readonly names: readonly string[];
}

/** Parses a module up to its last import or export of names from another module. */
function parse(path: string, text: string): ts.SourceFile {
  const [head = ""] = /^.*\bfrom "\.[^"]*";/s.exec(text) ?? [];
  return ts.createSourceFile(path, head, ts.ScriptTarget.Latest);
}

/** The names that a module imports or exports from others, by the paths of those modules. */
function namesIn({ fileName, statements }: ts.SourceFile): Names[] {
  return statements.flatMap((statement) => {
    if (!ts.isImportDeclaration(statement) && !ts.isExportDeclaration(statement)) return [];
    const { moduleSpecifier } = statement;
    if (moduleSpecifier === undefined || !ts.isStringLiteral(moduleSpecifier)) return [];
    const clause = ts.isImportDeclaration(statement)
      ? statement.importClause?.namedBindings
      : statement.exportClause;
    if (clause === undefined || !(ts.isNamedImports(clause) || ts.isNamedExports(clause)))
      return [];
    const module = posix.join(posix.dirname(fileName), moduleSpecifier.text);
    const names = clause.elements.map(({ name, propertyName }) => (propertyName ?? name).text);
    return [{ module, names }];
  });
}

/** The entry of each name, by its module: "src/tasks/sleep.ts sleep". */
function entriesOfNames(): Map<string, string> {
  const entries = new Map<string, string>();
  for (const entry of ENTRIES) {
    for (const { module, names } of namesIn(
      parse(entry, readFileSync(new URL(entry, ROOT), "utf8")),
    ))
      for (const name of names) entries.set(`${module} ${name}`, entry);
  }
  return entries;
}

function violationsIn(path: string, text: string): string[] {
  return namesIn(parse(path, text)).flatMap(({ module, names }) =>
    names.flatMap((name) => {
      const entry = ENTRY_OF.get(`${module} ${name}`);
      return entry === undefined ? [] : [`${path} imports ${name} of ${module}, not of ${entry}`];
    }),
  );
}

const ENTRY_OF = entriesOfNames();

test("tests import exported names from the entry that exports them", () => {
  const paths = readdirSync(new URL("test", ROOT), { recursive: true, encoding: "utf8" })
    .map((path) => `test/${path.replaceAll("\\", "/")}`)
    .filter((path) => path.endsWith(".ts") && !PROGRAMS.test(path));

  expect(paths.length).toBeGreaterThan(0);
  expect(
    paths.flatMap((path) => violationsIn(path, readFileSync(new URL(path, ROOT), "utf8"))),
  ).toEqual([]);
});

test.each([
  ["a function", 'import { sleep } from "../../src/tasks/sleep.ts";'],
  ["a type", 'import type { Clock } from "../../src/loop/clock.ts";'],
  ["an alias", 'import { sleep as wait } from "../../src/tasks/sleep.ts";'],
  [
    "an export of another entry",
    'import { VirtualClock } from "../../src/testing/virtualClock.ts";',
  ],
])("the check finds %s of a module behind an entry", (_, text) => {
  expect(violationsIn("test/tasks/some.test.ts", text)).toHaveLength(1);
});

test("the check accepts imports of names that no entry exports", () => {
  const text =
    'import { newCore } from "../../src/core/core.ts"; import { run } from "../../src/index.ts";';

  expect(violationsIn("test/tasks/some.test.ts", text)).toEqual([]);
});
