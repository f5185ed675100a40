// The transformer for Jest. Another transformer compiles each file first, by default Jest's own.

import { createHash } from "node:crypto";
import { createRequire } from "node:module";
import { dirname } from "node:path";
import { pathToFileURL } from "node:url";
import { wrongType } from "../lang/arguments.ts";
import { hasTag } from "../lang/brands.ts";
import { parseWithAcorn } from "./acornParser.ts";
import { kindOfFile } from "./moduleKind.ts";
import { rewriteWithInlineMap } from "./rewriteFile.ts";
import { Selection, type TransformOptions } from "./selection.ts";

/** The options of the transformer. */
export interface JestOptions extends TransformOptions {
  /**
   * The name of the transformer that compiles files first, or its name and options. By default
   * `"babel-jest"`.
   */
  readonly transformer?: string | readonly [name: string, options: object];
}

/** What Jest passes for each file. */
interface JestRequest {
  readonly config: { readonly rootDir: string };
  readonly configString?: string;
  readonly transformerConfig?: unknown;
  readonly [name: string]: unknown;
}

type JestResult = string | { readonly code: string; readonly map?: unknown };

/** A transformer for Jest. */
export interface JestTransformer {
  readonly canInstrument?: boolean;
  process?(code: string, path: string, request: JestRequest): JestResult;
  processAsync?(code: string, path: string, request: JestRequest): Promise<JestResult>;
  getCacheKey?(code: string, path: string, request: JestRequest): string;
}

interface JestFactory extends JestTransformer {
  createTransformer?(options?: object): JestTransformer | Promise<JestTransformer>;
}

/**
 * Creates a transformer for Jest that marks awaits, so that `explore` can delay them. Jest calls
 * this function with the options in its configuration.
 *
 * @throws TypeError or RangeError for an invalid option
 */
export async function createTransformer(options: JestOptions = {}): Promise<JestTransformer> {
  const { transformer = "babel-jest", ...rest } = options ?? {};
  const selection = new Selection(rest);
  selection.checkDependencies();
  const [name, innerOptions] = typeof transformer === "string" ? [transformer, {}] : transformer;
  if (typeof name !== "string") {
    throw wrongType("transformer", "the name of a transformer, or its name and options", name);
  }
  const inner = await transformerNamed(name, innerOptions);
  const adapted = (request: JestRequest) => ({ ...request, transformerConfig: innerOptions });
  const rewrite = (result: JestResult, path: string): JestResult => {
    if (!selection.has(path)) return result;
    const { code, map } = typeof result === "string" ? { code: result, map: undefined } : result;
    const rewritten = rewriteWithInlineMap(code, {
      file: path,
      root: selection.root,
      parse: parseWithAcorn,
      fallback: kindOfFile(path),
      inputMap:
        typeof map === "string" || (typeof map === "object" && map !== null) ? map : undefined,
    });
    return rewritten === undefined ? result : { code: rewritten };
  };
  const process: JestTransformer["process"] = (code, path, request) => {
    if (inner.process === undefined) {
      throw new TypeError(`Expected the transformer \`${name}\` to have \`process\``);
    }
    return rewrite(inner.process(code, path, adapted(request)), path);
  };
  return {
    canInstrument: inner.canInstrument ?? false,
    process,
    async processAsync(code, path, request) {
      if (inner.processAsync === undefined) return process(code, path, request);
      return rewrite(await inner.processAsync(code, path, adapted(request)), path);
    },
    getCacheKey(code, path, request) {
      const key = inner.getCacheKey?.(code, path, adapted(request)) ?? code + path;
      const parts = [
        key,
        path,
        request.configString,
        String(import.meta.url),
        describeOptions(rest),
      ];
      return createHash("sha1").update(parts.join("\0")).digest("hex").slice(0, 32);
    },
  };
}

/** Loads a transformer that is installed in the project, or with Jest, which brings its own. */
async function transformerNamed(name: string, options: object): Promise<JestTransformer> {
  const { resolve } = createRequire(import.meta.url);
  const [, program = "."] = process.argv;
  let path: string;
  try {
    path = resolve(name, { paths: [process.cwd(), dirname(program)] });
  } catch (error) {
    throw new RangeError(`Expected \`transformer\` to be installed, got "${name}"`, {
      cause: error,
    });
  }
  const loaded = (await import(pathToFileURL(path).href)) as {
    default?: JestFactory;
  } & JestFactory;
  // If an ES module was compiled to CommonJS, its default export is a property of the default
  // export that Node provides.
  const nested = loaded.default as { default?: JestFactory } | undefined;
  const factory = nested?.default ?? loaded.default ?? loaded;
  return factory.createTransformer === undefined ? factory : factory.createTransformer(options);
}

function describeOptions(options: object): string {
  return JSON.stringify(options, (_, value) => (hasTag(value, "RegExp") ? String(value) : value));
}
