// The examples in the doc comments of the source, as modules that can be compiled and run.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** Where an example's names come from: the first of these that exports them. */
const ENTRIES = [...["index", "testing", "node", "browser", "inspector", "fleet", "at"]].map(
  (file) => ({
    file: `src/${file}.ts`,
    specifier: file === "index" ? "mysyncio" : `mysyncio/${file}`,
  }),
);

/** Names that an example uses without declaring them. */
const GIVEN = { file: "test/reference/given.ts", specifier: "../../test/reference/given.ts" };

/** Names of things that exist only in a browser, in a thread or on another machine. */
const ELSEWHERE = {
  file: "test/reference/elsewhere.ts",
  specifier: "../../test/reference/elsewhere.ts",
};

/** Names that need a network, another program, a free port, a page or its tools. */
const OUTSIDE = [
  ...["openConnection", "startServer", "openWebSocket", "createDatagramEndpoint"],
  ...["createSubprocessExec", "document", "devtoolsTracks"],
];

/** Left out, because these examples need frameworks, which only test/adapters installs. */
const OF_ADAPTERS = "adapters/";

export interface Example {
  /** The file and the example's number in it, such as `tasks/gather.ts 1`. */
  readonly name: string;
  readonly module: string;
  /** Whether the module exports `example`, a coroutine function, or runs when it is imported. */
  readonly isCoroutine: boolean;
  /** Whether everything that the example needs exists in a test. */
  readonly canRun: boolean;
  /** The class of the error that the example says it throws. */
  readonly throws: string | undefined;
}

export function examples(): Example[] {
  const sources = [...ENTRIES, GIVEN, ELSEWHERE].map(({ file, specifier }) => ({
    specifier,
    names: exportedBy(file),
  }));
  return readdirSync(join(ROOT, "src"), { recursive: true, encoding: "utf8" })
    .map((path) => path.replaceAll("\\", "/"))
    .filter((path) => path.endsWith(".ts") && !path.startsWith(OF_ADAPTERS))
    .sort()
    .flatMap((path) =>
      codeIn(path).map((code, index) => exampleOf(`${path} ${index + 1}`, code, sources)),
    );
}

interface Source {
  readonly specifier: string;
  /** Whether each name is that of a type. */
  readonly names: ReadonlyMap<string, boolean>;
}

function exampleOf(name: string, code: string, sources: readonly Source[]): Example {
  const file = ts.createSourceFile("example.ts", code, ts.ScriptTarget.ESNext, true);
  const used = namesUsedIn(file);
  const isOutside = OUTSIDE.some((one) => used.has(one)) || /from "\./.test(code);
  const imports = sources
    .map(({ specifier, names }) => ({ specifier, names: take(used, names) }))
    .filter(({ names }) => names.length > 0);
  const isModule = /^(import|export) |\bawait\b|\brunSync\b/m.test(code) && !yieldsAtTop(file);
  const head = imports.map(
    ({ specifier, names }) => `import { ${names.join(", ")} } from "${specifier}";`,
  );
  const body = isModule
    ? `${code}\nexport {};`
    : `export function* example(): Generator<any, any, any> {\n${code}\n}`;
  return {
    name,
    module: `${head.join("\n")}\n${body}\n`,
    isCoroutine: !isModule,
    canRun: !isOutside && imports.every(({ specifier }) => specifier !== ELSEWHERE.specifier),
    throws: /\/\/ (\w*Error)$/m.exec(code)?.[1],
  };
}

/** Whether a `yield` is outside of all functions. */
function yieldsAtTop(node: ts.Node): boolean {
  if (ts.isFunctionLike(node)) return false;
  if (ts.isYieldExpression(node)) return true;
  // Outside of a generator, `yield* f()` is read as a product.
  if (ts.isIdentifier(node) && node.text === "yield") return true;
  return ts.forEachChild(node, yieldsAtTop) ?? false;
}

/** Takes the names that are also in `offered` out of `wanted`. */
function take(wanted: Set<string>, offered: ReadonlyMap<string, boolean>): string[] {
  return [...wanted]
    .filter((name) => offered.has(name) && wanted.delete(name))
    .map((name) => (offered.get(name) === true ? `type ${name}` : name));
}

/** What follows each `@example` of a file. */
function codeIn(path: string): string[] {
  const text = readFileSync(join(ROOT, "src", path), "utf8");
  return [...text.matchAll(/\/\*\*.*?\*\//gs)].flatMap(([comment]) => {
    const [, ...found] = comment
      .replace(/\s*\*\/$/, "")
      .replaceAll(/^ *\* ?/gm, "")
      .split(/^@example\n/m);
    return found.map(
      (code) =>
        code
          .replaceAll(/^```(ts)?\n?/gm, "")
          .split(/^@/m)[0]
          ?.trim() ?? "",
    );
  });
}

/** The identifiers of a program that are neither members of something nor declared by it. */
function namesUsedIn(file: ts.SourceFile): Set<string> {
  const used = new Set<string>();
  const declared = new Set<string>();
  const visit = (node: ts.Node): void => {
    if (ts.isIdentifier(node)) {
      const { parent } = node;
      const isMember =
        (ts.isPropertyAccessExpression(parent) && parent.name === node) ||
        (ts.isPropertyAssignment(parent) && parent.name === node) ||
        (ts.isBindingElement(parent) && parent.propertyName === node);
      const isName = "name" in parent && parent.name === node;
      if (isName && !ts.isShorthandPropertyAssignment(parent)) declared.add(node.text);
      else if (!isMember) used.add(node.text);
    }
    node.forEachChild(visit);
  };
  visit(file);
  for (const name of declared) used.delete(name);
  return used;
}

/** The names that a module exports, and whether each is that of a type. */
function exportedBy(file: string): ReadonlyMap<string, boolean> {
  const names = new Map<string, boolean>();
  const text = readFileSync(join(ROOT, file), "utf8");
  for (const statement of ts.createSourceFile(file, text, ts.ScriptTarget.ESNext).statements) {
    if (ts.isExportDeclaration(statement)) {
      const { exportClause, isTypeOnly } = statement;
      if (exportClause === undefined || !ts.isNamedExports(exportClause)) continue;
      for (const one of exportClause.elements) {
        names.set(one.name.text, isTypeOnly || one.isTypeOnly);
      }
    } else if (ts.isVariableStatement(statement)) {
      for (const { name } of statement.declarationList.declarations) {
        if (ts.isIdentifier(name)) names.set(name.text, false);
      }
    } else if (ts.isFunctionDeclaration(statement) || ts.isClassDeclaration(statement)) {
      if (statement.name !== undefined) names.set(statement.name.text, false);
    } else if (ts.isInterfaceDeclaration(statement)) names.set(statement.name.text, true);
  }
  return names;
}
