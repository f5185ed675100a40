// The loader for webpack and Rspack.

import { parseWithAcorn } from "./acornParser.ts";
import { kindOfFile } from "./moduleKind.ts";
import type { InputMap } from "./places.ts";
import { composedMap, rewriteFile } from "./rewriteFile.ts";
import type { Selection } from "./selection.ts";

/** The part of its context that the loader uses. */
interface LoaderContext {
  readonly resourcePath: string;
  getOptions(): { readonly selection: Selection };
  callback(error: null, code: string, map?: InputMap): void;
}

/** Rewrites the awaits of a module. */
export function webpackLoader(this: LoaderContext, code: string, inputMap?: InputMap): void {
  const file = this.resourcePath;
  const { root } = this.getOptions().selection;
  const options = { file, root, parse: parseWithAcorn, fallback: kindOfFile(file), inputMap };
  const rewritten = rewriteFile(code, options);
  if (rewritten === undefined) {
    this.callback(null, code, inputMap);
  } else {
    const map = inputMap === undefined ? rewritten.map : composedMap(rewritten, inputMap);
    this.callback(null, rewritten.code, JSON.parse(map));
  }
}

export default webpackLoader;
