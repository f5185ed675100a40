// Checks that every module imports only from modules below it.
//
// A module may import from a lower rank, or from its own folder at its own rank. Imports must not
// form a cycle, and nothing comes from outside except `node:` modules and a few packages. Type
// imports count, because a type from above also creates a dependency on what is above.

import { readdirSync, readFileSync } from "node:fs";
import { posix } from "node:path";
import ts from "typescript";
import { describe, expect, test } from "vitest";

/** A module's rank is the index of the pattern that matches its path within src. */
const RANKS = [
  /^\.\.\/assembly\//,
  /^core\//,
  /^lang\//,
  /^loop\//,
  /^tasks\/kernel\//,
  /^tasks\//,
  /^sync\//,
  /^io\//,
  /^(debug|program)\//,
  /^sources\//,
  /^remote\//,
  /^executors\//,
  /^fleet\//,
  /^inspector\/(?!element\/)/,
  /^inspector\/element\//,
  /^adapters\//,
  /^(testing\/|cli\/|transform\/|[a-z]+\.ts$)/,
];
const ENTRIES = RANKS.length - 1;

/** Bundled packages and optional peers, with the modules or folders that may import them. */
const PACKAGES: Readonly<Record<string, readonly string[]>> = {
  devalue: ["fleet/codec.ts"],
  acorn: ["transform/acornParser.ts"],
  "magic-string": ["transform/rewriteAwaits.ts"],
  picomatch: ["transform/selection.ts"],
  "@jridgewell/remapping": ["transform/rewriteFile.ts"],
  "@jridgewell/trace-mapping": ["transform/places.ts"],
  express: ["adapters/expressHandler.ts"],
  fastify: ["adapters/fastifyHandler.ts"],
  hono: ["adapters/honoHandler.ts"],
  react: ["adapters/useTask.ts"],
  "@opentelemetry/api": [
    "adapters/loopMetrics.ts",
    "adapters/taskContextManager.ts",
    "adapters/withSpan.ts",
  ],
  vitest: ["testing/vitestFixtures.ts"],
  preact: ["inspector/element/"],

  "@preact/signals-core": ["inspector/element/"],
  "d3-hierarchy": ["inspector/element/"],
  "@dagrejs/dagre": ["inspector/element/inspectorGraph.ts"],
};

const NODE_NAMES = ["process", "Buffer", "require", "setImmediate", "clearImmediate"];
const BROWSER_NAMES = ["window", "document", "navigator", "requestAnimationFrame"];
const MAY_KNOW_NODE =
  /^(loop\/hosts|io\/node|executors\/node|fleet|cli|transform|inspector\/node)\/|^(index|node|browser|testing|fleet)\.ts$|^testing\//;
const MAY_KNOW_BROWSER =
  /^(loop\/hosts|io\/browser|executors\/browser|inspector\/element)\/|^(index|node|browser|testing)\.ts$|^testing\//;

interface Module {
  readonly path: string;
  readonly rank: number;
  /** Paths within src of the imported modules, including type imports. */
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

/** The names that a module mentions, except those of members. */
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

/** All violations in `modules`. */
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
    if (PACKAGES[specifier]?.some((allowed) => path.startsWith(allowed))) continue;
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

/** The first folder of a path. The modules directly in src share one. */
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

/** Violations in an invented source tree, given as texts by path. */
function violationsInTexts(texts: Readonly<Record<string, string>>): string[] {
  return violationsIn(Object.entries(texts).map(([path, text]) => parse(path, text)));
}

test("the modules in src import only from lower layers or their own folder", () => {
  const src = new URL("../src/", import.meta.url);
  const paths = readdirSync(src, { recursive: true, encoding: "utf8" })
    .map((path) => path.replaceAll("\\", "/"))
    .filter((path) => path.endsWith(".ts"));
  const modules = paths.map((path) => parse(path, readFileSync(new URL(path, src), "utf8")));

  expect(modules.length).toBeGreaterThan(0);
  expect(violationsIn(modules)).toEqual([]);
});

describe("the layer rule", () => {
  test("allows a lower rank, the module's own folder, and platform names in platform modules", () => {
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
    ["a higher rank", 'import { x } from "../sync/lock.ts";', "imports sync/lock.ts (rank 6)"],
    ["a higher rank's type", 'import type { X } from "../sync/lock.ts";', "imports sync/lock.ts"],
    [
      "an import() of a type",
      'let x: import("../sync/lock.ts").X;',
      "imports sync/lock.ts (rank 6)",
    ],
    ["a re-export", 'export { x } from "../sync/lock.ts";', "imports sync/lock.ts (rank 6)"],
    ["a dynamic import", 'await import("../sync/lock.ts");', "imports sync/lock.ts (rank 6)"],
    ["the core's source", 'import "../../assembly/index.ts";', "imports ../assembly/index.ts"],
    ["a package", 'import "left-pad";', "imports left-pad"],
    [
      "a bundled package outside the modules that may import it",
      'import "devalue";',
      "imports devalue",
    ],
    ["a platform's module", 'import "node:fs";', "imports node:fs"],
    ["a platform's name", "if (typeof process) {}", "mentions process"],
    ["a platform's global", "globalThis.window;", "mentions window"],
    ["a global behind a cast", "(globalThis as any).window;", "mentions window"],
  ])("rejects %s", (_, text, violation) => {
    expect(violationsInTexts({ "tasks/future.ts": text }).join()).toContain(violation);
  });

  test("rejects another folder of the same rank", () => {
    expect(
      violationsInTexts({ "program/run.ts": 'import "../debug/trace.ts";', "debug/trace.ts": "" }),
    ).toEqual(["program/run.ts (rank 8) imports debug/trace.ts (rank 8)"]);
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

/** How a file explains that it isn't split. */
const WHY_ONE_FILE = /over 300 lines|one file|file is long/i;

test("every file in src of more than 300 lines says at its top why it isn't split", () => {
  const src = new URL("../src/", import.meta.url);
  const unexplained = readdirSync(src, { recursive: true, encoding: "utf8" }).filter((path) => {
    if (!path.endsWith(".ts")) return false;
    const lines = readFileSync(new URL(path, src), "utf8").split("\n");
    return lines.length > 301 && !WHY_ONE_FILE.test(lines.slice(0, 30).join("\n"));
  });
  expect(unexplained).toEqual([]);
});
