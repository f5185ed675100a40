// The parser to use if the bundler doesn't provide one.

import { type Options, parse } from "acorn";
import { isError } from "../lang/brands.ts";
import type { SyntaxNode } from "./syntax.ts";

const SHARED: Options = { ecmaVersion: "latest", allowHashBang: true };

/**
 * Parses a file of unknown kind: as a module if possible, and otherwise as CommonJS, which may also
 * contain what strict mode forbids.
 *
 * @throws SyntaxError if neither works, from the attempt that got further
 */
export function parseWithAcorn(code: string): SyntaxNode {
  try {
    return parseAs("module", code);
  } catch (asModule) {
    try {
      return parseAs("commonjs", code);
    } catch (asCommonJS) {
      throw positionOf(asModule) > positionOf(asCommonJS) ? asModule : asCommonJS;
    }
  }
}

function parseAs(sourceType: "module" | "commonjs", code: string): SyntaxNode {
  // acorn has a type for each kind of node. Here a node is any object with a kind and a position.
  return parse(code, { ...SHARED, sourceType }) as unknown as SyntaxNode;
}

/** Returns where a parser gave up, or -1 if its error doesn't say. */
function positionOf(error: unknown): number {
  return isError(error) && "pos" in error ? Number(error.pos) : -1;
}
