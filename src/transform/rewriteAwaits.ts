// The transform: `await x` becomes `await at(x, place)`, and the `b` of `for await (const a of b)`
// becomes `atEach((b), place)`. Functions stay native, so they behave and cost as before.
//
//   R1  No line moves. All insertions are within a line.
//   R2  The import is first, so that `at` exists before any function of the module is called, even
//       through a cycle. Imports are hoisted, so `at` can't be used before it is initialized.
//   R3  Of two calls that end at the same offset, the inner one is closed first.
//   R4  Nothing is inserted before a statement's first token, so automatic semicolons stay.

import MagicString from "magic-string";
import { type FoundAwait, findAwaits } from "./awaits.ts";
import { type PlaceOptions, placesIn } from "./places.ts";
import { COMMONJS_RUNTIME_FILE, RUNTIME } from "./runtime.ts";
import { directivesOf, type ParseModule, type SyntaxNode } from "./syntax.ts";

export interface RewriteOptions extends PlaceOptions {
  readonly parse: ParseModule;
  /** How the module is loaded, if that is known. */
  readonly kind?: ModuleKind | undefined;
  /** The kind of a module that doesn't reveal how it is loaded. By default `"module"`. */
  readonly fallback?: ModuleKind | undefined;
}

export type ModuleKind = "module" | "commonjs";

export interface Rewritten {
  readonly code: string;
  /** A source map as JSON, from the rewritten code to the code that was passed in. */
  readonly map: string;
}

/**
 * Rewrites the awaits of a module. Returns undefined if there are none, or if the module already
 * imports `mysyncio/at`.
 *
 * @throws SyntaxError if the module can't be parsed
 */
export function rewriteAwaits(code: string, options: RewriteOptions): Rewritten | undefined {
  if (!code.includes("await")) return undefined;
  const program = options.parse(code);
  const { awaits, imports, isModule, isCommonJS } = findAwaits(program);
  if (awaits.length === 0 || imports.has(RUNTIME)) return undefined;
  const guess = isModule ? "module" : isCommonJS ? "commonjs" : (options.fallback ?? "module");
  const names = { at: freeName("at", code), atEach: freeName("atEach", code) };
  const edited = new MagicString(code);
  insertCalls(edited, awaits, names, placesIn(code, options));
  const needed = [
    ...(awaits.some(({ isLoop }) => !isLoop) ? [["at", names.at] as const] : []),
    ...(awaits.some(({ isLoop }) => isLoop) ? [["atEach", names.atEach] as const] : []),
  ];
  insertImport(edited, program, code, importOf(needed, options.kind ?? guess));
  const map = edited.generateMap({ source: options.file, hires: "boundary", includeContent: true });
  return { code: edited.toString(), map: map.toString() };
}

/** Returns a name that the module doesn't contain. */
function freeName(name: string, code: string): string {
  let free = `__mysyncio_${name}`;
  while (new RegExp(`\\b${free}\\b`).test(code)) free += "_";
  return free;
}

function insertCalls(
  edited: MagicString,
  awaits: readonly FoundAwait[],
  names: { readonly at: string; readonly atEach: string },
  placeOf: (offset: number, functionName: string) => string,
): void {
  const ascending = [...awaits].sort((a, b) => a.keyword - b.keyword);
  const calls = ascending.map(({ isLoop, node, keyword, functionName }) => {
    const place = JSON.stringify(placeOf(keyword, functionName));
    // The parser's positions leave out the parentheses around an iterated expression, which may
    // be a sequence. The end of an await expression includes those of its operand.
    if (isLoop) edited.appendLeft(node.start, `${names.atEach}((`);
    else edited.appendLeft(keyword + "await".length, ` ${names.at}(`);
    return { end: node.end, close: isLoop ? `), ${place})` : `, ${place})` };
  });
  // In reverse: of calls that end at the same offset, the last to begin is the innermost (R3).
  for (const { end, close } of calls.reverse()) edited.appendLeft(end, close);
}

function importOf(
  needed: readonly (readonly [name: string, local: string])[],
  kind: ModuleKind,
): string {
  if (kind === "module") {
    const names = needed.map(([name, local]) => `${name} as ${local}`).join(", ");
    return `import { ${names} } from ${JSON.stringify(RUNTIME)};`;
  }
  const names = needed.map(([name, local]) => `${name}: ${local}`).join(", ");
  return `const { ${names} } = require(${JSON.stringify(COMMONJS_RUNTIME_FILE)});`;
}

/** Inserts the import after `#!` and the directives, which must stay first. */
function insertImport(
  edited: MagicString,
  program: SyntaxNode,
  code: string,
  statement: string,
): void {
  const directive = directivesOf(program).at(-1);
  // A directive may lack its semicolon, and a second semicolon does no harm.
  if (directive !== undefined) edited.appendLeft(directive.end, `; ${statement}`);
  else edited.appendLeft(/^#!.*(\r\n|[\n\r\u2028\u2029])/.exec(code)?.[0].length ?? 0, statement);
}
