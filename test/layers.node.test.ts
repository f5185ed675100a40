// Does every module know only what lies below it?
//
// A module may import from a lower rank, or from its own folder at its own rank;
// no imports may form a cycle; nothing comes from outside except `node:` modules.
// Imports of types count: a type that points upwards is knowledge that points upwards.

import { readdirSync, readFileSync } from "node:fs";
import { posix } from "node:path";
import ts from "typescript";
import { describe, expect, test } from "vitest";

/** A module's rank is the index of the pattern that its path within src matches. */
const RANKS = [
  /^\.\.\/assembly\//,
  /^core\//,
  /^loop\//,
  /^tasks\/(anotherCopy|cancelling|coroutine|future|task|waiters)\.ts$/,
  /^tasks\/(?!(anotherCopy|cancelling|coroutine|future|task|waiters)\.ts$)/,
  /^sync\//,
  /^io\//,
  /^(debug\/|(?!(index|node|browser|testing)\.ts$)[^/]+$)/,
  /^remote\//,
  /^executors\//,
  /^(testing\/|(index|node|browser|testing)\.ts$)/,
];
const ENTRIES = RANKS.length - 1;

const NODE_NAMES = ["process", "Buffer", "require", "setImmediate", "clearImmediate"];
const BROWSER_NAMES = ["window", "document", "navigator", "requestAnimationFrame"];
const MAY_KNOW_NODE =
  /^(loop\/hosts|io\/node|executors\/node)\/|^(index|node|browser|testing)\.ts$|^testing\//;
const MAY_KNOW_BROWSER =
  /^(loop\/hosts|io\/browser|executors\/browser)\/|^(index|node|browser|testing)\.ts$|^testing\//;

interface Module {
  readonly path: string;
  readonly rank: number;
  /** Paths within src of the modules imported, types included. */
  readonly imports: string[];
  /** Specifiers of imports that are not relative. */
  readonly packages: string[];
  /** Platform names used as variables or as properties of `globalThis`. */
  readonly platformNames: string[];
}

function parse(path: string, text: string): Module {
  const { importedFiles } = ts.preProcessFile(text);
  const specifiers = importedFiles.map(({ fileName }) => fileName);
  return {
    path,
    rank: rankOf(path),
    imports: specifiers
      .filter((specifier) => specifier.startsWith("."))
      .map((specifier) => posix.join(posix.dirname(path), specifier)),
    packages: specifiers.filter((specifier) => !specifier.startsWith(".")),
    platformNames: identifiersIn(text).filter((name) =>
      [...NODE_NAMES, ...BROWSER_NAMES].includes(name),
    ),
  };
}

function rankOf(path: string): number {
  return RANKS.findIndex((pattern) => pattern.test(path));
}

/** The names a module mentions, except those of members. */
function identifiersIn(text: string): string[] {
  const names: string[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isIdentifier(node) && !isMemberName(node)) names.push(node.text);
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile("module.ts", text, ts.ScriptTarget.Latest, true));
  return names;
}

function isMemberName(node: ts.Identifier): boolean {
  const { parent } = node;
  if (ts.isPropertyAccessExpression(parent) && parent.name === node) {
    return !parent.expression.getText().includes("globalThis");
  }
  return (
    (ts.isClassElement(parent) || ts.isTypeElement(parent) || ts.isPropertyAssignment(parent)) &&
    parent.name === node
  );
}

/** Every way in which `modules` break the rules. */
function violationsIn(modules: readonly Module[]): string[] {
  return [...modules.flatMap(violationsOf), ...cyclesIn(modules)];
}

function violationsOf({ path, rank, imports, packages, platformNames }: Module): string[] {
  const violations: string[] = [];
  if (rank < 0) violations.push(`${path} has no rank: give its folder one`);
  for (const imported of imports) {
    const importedRank = rankOf(imported);
    const isOwnFolder = rank === ENTRIES || folderOf(path) === folderOf(imported);
    if (importedRank < 1 || importedRank > rank || (importedRank === rank && !isOwnFolder)) {
      violations.push(`${path} (rank ${rank}) imports ${imported} (rank ${importedRank})`);
    }
  }
  for (const specifier of packages) {
    if (!(specifier.startsWith("node:") && MAY_KNOW_NODE.test(path))) {
      violations.push(`${path} imports ${specifier}`);
    }
  }
  for (const name of platformNames) {
    const mayKnow = NODE_NAMES.includes(name) ? MAY_KNOW_NODE : MAY_KNOW_BROWSER;
    if (!mayKnow.test(path)) violations.push(`${path} mentions ${name}`);
  }
  return violations;
}

/** The first folder of a path; the modules directly in src share one. */
function folderOf(path: string): string {
  return path.includes("/") ? path.slice(0, path.indexOf("/")) : "";
}

function cyclesIn(modules: readonly Module[]): string[] {
  const importsOf = new Map(modules.map(({ path, imports }) => [path, imports]));
  const done = new Set<string>();
  const cycles: string[] = [];
  const visit = (path: string, trail: readonly string[]): void => {
    const start = trail.indexOf(path);
    if (start >= 0) cycles.push(`cycle: ${[...trail.slice(start), path].join(" -> ")}`);
    if (start >= 0 || done.has(path)) return;
    for (const imported of importsOf.get(path) ?? []) visit(imported, [...trail, path]);
    done.add(path);
  };
  for (const path of importsOf.keys()) visit(path, []);
  return cycles;
}

/** Violations in a source tree made up here, given as texts by path. */
function violationsInTexts(texts: Readonly<Record<string, string>>): string[] {
  return violationsIn(Object.entries(texts).map(([path, text]) => parse(path, text)));
}

test("the modules in src import only from below or beside", () => {
  const src = new URL("../src/", import.meta.url);
  const paths = readdirSync(src, { recursive: true, encoding: "utf8" })
    .map((path) => path.replaceAll("\\", "/"))
    .filter((path) => path.endsWith(".ts"));
  const modules = paths.map((path) => parse(path, readFileSync(new URL(path, src), "utf8")));

  expect(modules.length).toBeGreaterThan(0);
  expect(violationsIn(modules)).toEqual([]);
});

describe("the rule", () => {
  test("allows a lower rank, the own folder, and platform names at the platform's edge", () => {
    expect(
      violationsInTexts({
        "core/core.ts": "",
        "loop/handle.ts": 'import { Core } from "../core/core.ts";',
        "loop/scheduler.ts":
          'import { Handle } from "./handle.ts"; loop.process(); ({ window: 1 });',
        "loop/hosts/node.ts": 'import "node:timers"; import "../scheduler.ts"; process.exit();',
        "testing/clock.ts": 'import "../loop/scheduler.ts";',
        "testing.ts": 'export * from "./testing/clock.ts";',
      }),
    ).toEqual([]);
  });

  test.each([
    ["a higher rank", 'import { x } from "../sync/lock.ts";', "imports sync/lock.ts (rank 5)"],
    ["a higher rank's type", 'import type { X } from "../sync/lock.ts";', "imports sync/lock.ts"],
    ["a type in place", 'let x: import("../sync/lock.ts").X;', "imports sync/lock.ts (rank 5)"],
    ["a re-export", 'export { x } from "../sync/lock.ts";', "imports sync/lock.ts (rank 5)"],
    ["a late import", 'await import("../sync/lock.ts");', "imports sync/lock.ts (rank 5)"],
    ["the core's source", 'import "../../assembly/index.ts";', "imports ../assembly/index.ts"],
    ["a package", 'import "left-pad";', "imports left-pad"],
    ["a platform's module", 'import "node:fs";', "imports node:fs"],
    ["a platform's name", "if (typeof process) {}", "mentions process"],
    ["a platform's global", "globalThis.window;", "mentions window"],
    ["a global behind a cast", "(globalThis as any).window;", "mentions window"],
  ])("rejects %s", (_, text, violation) => {
    expect(violationsInTexts({ "tasks/future.ts": text }).join()).toContain(violation);
  });

  test("rejects another folder of the same rank", () => {
    expect(
      violationsInTexts({ "run.ts": 'import "./debug/trace.ts";', "debug/trace.ts": "" }),
    ).toEqual(["run.ts (rank 7) imports debug/trace.ts (rank 7)"]);
  });

  test("rejects a module in a folder without a rank", () => {
    expect(violationsInTexts({ "helpers/strings.ts": "" })).toHaveLength(1);
  });

  test("rejects cycles", () => {
    expect(
      violationsInTexts({
        "sync/a.ts": 'import "./b.ts";',
        "sync/b.ts": 'import type { C } from "./c.ts";',
        "sync/c.ts": 'import "./b.ts";',
      }),
    ).toEqual(["cycle: sync/b.ts -> sync/c.ts -> sync/b.ts"]);
  });
});
