import { copyFile, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { build, type Plugin, transform } from "esbuild";
import { defineConfig, type Options } from "tsup";
import ts from "typescript";

const shared: Options = {
  format: "esm",
  target: "es2022",
  platform: "node",
  removeNodeProtocol: false,
  splitting: true,
  sourcemap: true,
  silent: true,
};

/**
 * Makes V8 treat the constants of a chunk as constants. Otherwise it loads masks, objects and classes
 * again at each use, which makes everything noticeably slower.
 *
 * Bundling makes every top-level `const` a `var`, which V8 before 12.8 does not treat as constant. So
 * this turns it back into a `const` where nothing assigns to it. And V8 doesn't treat anything as
 * constant that a module exports. So other chunks import a copy of the constant.
 */
const keepConstants: NonNullable<Options["plugins"]>[number] = {
  name: "keep-constants",
  renderChunk(code) {
    const file = ts.createSourceFile("chunk.js", code, ts.ScriptTarget.ES2022);
    const assigned = assignedIn(file);
    const constants = new Set<string>();
    const edits: { readonly at: ts.Node; readonly text: string; readonly length: number }[] = [];
    for (const statement of file.statements) {
      if (ts.isVariableStatement(statement)) {
        const { declarations, flags } = statement.declarationList;
        const names = declarations.map(({ name }) => (ts.isIdentifier(name) ? name.text : ""));
        const isConstant = declarations.every(
          ({ initializer }, index) => initializer && names[index] && !assigned.has(names[index]),
        );
        if (!isConstant) continue;
        for (const name of names) constants.add(name);
        if ((flags & ts.NodeFlags.BlockScoped) !== 0) continue;
        edits.push({ at: statement, text: "const", length: "var".length });
      } else if (ts.isExportDeclaration(statement) && !statement.moduleSpecifier) {
        const text = exportsOfCopies(statement, constants);
        edits.push({ at: statement, text, length: statement.getWidth(file) });
      }
    }
    let kept = code;
    for (const { at, text, length } of edits.reverse()) {
      const start = at.getStart(file);
      kept = kept.slice(0, start) + text + kept.slice(start + length);
    }
    return { code: kept };
  },
};

/** Returns an `export {...}` that exports copies of the constants. */
function exportsOfCopies({ exportClause }: ts.ExportDeclaration, constants: Set<string>): string {
  const copies: string[] = [];
  const exported = (exportClause as ts.NamedExports).elements.map(({ name, propertyName }) => {
    const local = (propertyName ?? name).text;
    if (!constants.has(local)) return local === name.text ? local : `${local} as ${name.text}`;
    copies.push(`const ${local}_ = ${local};`);
    return `${local}_ as ${name.text}`;
  });
  return `${copies.join("\n")}\nexport {\n  ${exported.join(",\n  ")}\n};`;
}

/** Modules that an entry loads only when it needs them. */
const LOADED_LATER = ["src/cli/worker.ts"];

/** The main entry itself, and entries that load only a little. */
const APART = /[/\\](index|at|registerHelper|helperThread)\.ts$/;

/**
 * Makes the other entries load all of the main entry. The modules that two sets of entries share go into a
 * file of their own, so the main entry would consist of seventeen files. Node takes longer to find
 * and load those than to compile them: the import would take twice as long. And V8 treats nothing
 * that is imported as constant. A bundler still leaves out what a program doesn't use.
 */
const loadMainAtOnce: Plugin = {
  name: "load-main-at-once",
  setup({ initialOptions, onResolve, onLoad }) {
    const { entryPoints } = initialOptions;
    const paths = [...Object.values(entryPoints as Record<string, string>), ...LOADED_LATER];
    const entries = new Set(paths.map((path) => resolve(path)));
    onResolve({ filter: /^main:$/ }, () => ({ path: resolve("src/index.ts"), sideEffects: true }));
    onLoad({ filter: /\.ts$/ }, async ({ path }) => {
      if (!entries.has(path) || APART.test(path)) return undefined;
      return { contents: `${await readFile(path, "utf8")}\nimport "main:";\n`, loader: "ts" };
    });
  },
};

/** The names that are assigned to anywhere, in any scope. */
function assignedIn(file: ts.SourceFile): Set<string> {
  const names = new Set<string>();
  /** Records the names in the target of an assignment, which may be a pattern. */
  const note = (target: ts.Node): void => {
    if (ts.isIdentifier(target)) names.add(target.text);
    else if (!ts.isPropertyAccessExpression(target) && !ts.isElementAccessExpression(target)) {
      ts.forEachChild(target, note);
    }
  };
  const visit = (node: ts.Node): void => {
    if (ts.isBinaryExpression(node) && isAssignment(node.operatorToken.kind)) {
      note(node.left);
    } else if (ts.isPrefixUnaryExpression(node) || ts.isPostfixUnaryExpression(node)) {
      const { PlusPlusToken, MinusMinusToken } = ts.SyntaxKind;
      if ([PlusPlusToken, MinusMinusToken].includes(node.operator)) note(node.operand);
    } else if (ts.isForInStatement(node) || ts.isForOfStatement(node)) {
      note(node.initializer);
    }
    ts.forEachChild(node, visit);
  };
  visit(file);
  return names;
}

function isAssignment(kind: ts.SyntaxKind): boolean {
  return kind >= ts.SyntaxKind.FirstAssignment && kind <= ts.SyntaxKind.LastAssignment;
}

/**
 * Marks all sources of the source maps in `folder` as library code, whose frames debuggers hide. Sets
 * the field of the standard, ECMA-426, and the one that older browsers know.
 */
async function ignoreSources(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    if (!/\.c?js\.map$/.test(name)) continue;
    const file = join(folder, name);
    const map = JSON.parse(await readFile(file, "utf8")) as { sources: string[] };
    const ignoreList = [...map.sources.keys()];
    const marked = { ...map, ignoreList, x_google_ignoreList: ignoreList };
    await writeFile(file, JSON.stringify(marked));
  }
}

/** Writes the licenses of the packages whose code is in `folder`, as they demand. */
async function writeLicenses(folder: string): Promise<void> {
  const names = new Set<string>();
  for (const name of await readdir(folder)) {
    if (!name.endsWith(".js.map")) continue;
    const map = JSON.parse(await readFile(join(folder, name), "utf8")) as { sources: string[] };
    for (const source of map.sources) {
      const [, owner] = /.*node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(source) ?? [];
      if (owner !== undefined) names.add(owner);
    }
  }
  const texts = [...names].sort().map(async (name) => {
    const owner = join("node_modules", name);
    const [license] = (await readdir(owner)).filter((file) => /^licen[cs]e/i.test(file));
    if (license === undefined) throw new Error(`Expected a license in ${owner}`);
    return `${name}\n\n${(await readFile(join(owner, license), "utf8")).trim()}\n`;
  });
  await writeFile(join(folder, "licenses.txt"), (await Promise.all(texts)).join(`\n${RULE}\n\n`));
}

/** Builds the script that `mysyncio ps` evaluates in another process. It must import nothing. */
async function buildForTargets(folder: string): Promise<void> {
  await build({
    ...{ entryPoints: ["src/inspector/node/inTarget.ts"], outfile: join(folder, "inTarget.js") },
    ...{ bundle: true, minify: true, format: "iife", globalName: "mysyncioInTarget" },
    ...{ target: "es2022", platform: "node" },
  });
}

/**
 * Builds the inspector's element with everything it imports, because a page may load the file by
 * itself. Two parts are complete files beside it, which it loads when they are needed.
 */
async function buildElement(folder: string): Promise<void> {
  const { outputFiles } = await build({
    entryPoints: ["Element", "Page", "Graph"].map(
      (part) => `src/inspector/element/inspector${part}.ts`,
    ),
    ...{ bundle: true, minify: true, format: "esm", target: "es2022", platform: "browser" },
    ...{ outdir: folder, write: false, sourcemap: true, plugins: [minifyStyles, partsApart] },
  });
  for (const { path, contents } of outputFiles) await writeFile(path, contents);
}

/** Leaves the parts that are loaded later to files of their own, which share no chunk. */
const partsApart: Plugin = {
  name: "parts-apart",
  setup({ onResolve }) {
    onResolve({ filter: /\/inspector(Page|Graph)\.ts$/ }, ({ path, kind }) =>
      kind === "dynamic-import"
        ? { path: path.replace(/\.ts$/, ".js"), external: true }
        : undefined,
    );
  },
};

/** Minifies the style sheet of the inspector, which is a string of its own module. */
const minifyStyles: Plugin = {
  name: "minify-styles",
  setup({ onLoad }) {
    onLoad({ filter: /inspectorStyles\.ts$/ }, async ({ path }) => {
      const text = await readFile(path, "utf8");
      const [whole = "", styles = ""] = /`([^`]*)`/.exec(text) ?? [];
      const { code } = await transform(styles, {
        loader: "css",
        minify: true,
        target: "chrome123",
      });
      return { contents: text.replace(whole, () => JSON.stringify(code.trim())), loader: "ts" };
    });
  },
};

const RULE = "-".repeat(80);

/** How many builds still write to `dist`. */
let unfinished = 2;

/** Called after each build into `folder`. Waits for the last one, which leaves all files complete. */
async function finish(folder: string): Promise<void> {
  unfinished--;
  if (unfinished > 0) return;
  await ignoreSources(folder);
  await writeLicenses(folder);
}

const toDist: Options = {
  outDir: "dist",
  esbuildOptions(options) {
    options.entryNames = "[name]";
  },
};
// Not by tsup, which would remove the files of one build at the beginning of another.
await rm(toDist.outDir as string, { recursive: true, force: true });

export default defineConfig([
  {
    ...shared,
    name: "package",
    entry: [
      ...["src/index.ts", "src/node.ts", "src/browser.ts", "src/testing.ts"],
      ...["src/at.ts", "src/inspector.ts", "src/fleet.ts", "src/cli/mysyncio.ts"],
      ...["src/express.ts", "src/fastify.ts", "src/hono.ts", "src/fetch.ts"],
      ...["src/react.ts", "src/vitest.ts", "src/otel.ts"],
      // The modules that the threads of executors and workers load.
      ...["src/executors/node/nodeThread.ts", "src/executors/browser/browserThread.ts"],
      "src/fleet/fleetThread.ts",
      ...["src/inspector/node/registerHelper.ts", "src/inspector/node/helperThread.ts"],
      "src/inspector/node/recordHolders.ts",
    ],
    ...toDist,
    plugins: [keepConstants],
    esbuildPlugins: [loadMainAtOnce],
    async onSuccess() {
      await copyFile("build/core.wasm", "dist/core.wasm");
      // Also as CommonJS, because not every host can require a module, and without the chunk that
      // every entry imports, because it may be bundled with a user's program.
      const at = { entryPoints: ["src/at.ts"], target: "es2022", sourcemap: true };
      await build({ ...at, format: "esm", outfile: "dist/at.js" });
      await build({ ...at, format: "cjs", outfile: "dist/at.cjs" });
      await buildForTargets("dist");
      await buildElement("dist");
      await finish("dist");
    },
  },
  {
    ...shared,
    ...toDist,
    name: "plugins",
    // Apart from the package, which must not share chunks with their parsers.
    entry: [
      ...["vite", "rollup", "esbuild", "webpack", "register", "jest"].map(
        (name) => `src/${name}.ts`,
      ),
      // The modules that webpack and Node load by themselves.
      ...["src/transform/webpackLoader.ts", "src/transform/registerThread.ts"],
    ],
    onSuccess: () => finish("dist"),
  },
  {
    ...shared,
    name: "programs",
    // Programs import the package by its name and so run what users get.
    entry: [
      "examples/*.ts",
      "examples/plain/*.ts",
      "examples/debugging/*.ts",
      "bench/{main,child,soak}.ts",
      "bench/browser/main.ts",
      "bench/{cases,programs}/*.ts",
    ],
    external: [
      /^mysyncio(\/|$)/,
      /^comlink(\/|$)/,
      "esbuild",
      "fastify",
      "piscina",
      "playwright",
      "ws",
    ],
    outDir: "build",
    esbuildOptions(options) {
      options.outbase = ".";
      options.chunkNames = "chunks/[name]-[hash]";
    },
  },
]);
