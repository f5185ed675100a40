// `mysyncio/register`: transforms what this process loads from now on.
//
// If Node has synchronous hooks, they handle ECMAScript modules and CommonJS. Otherwise, hooks in
// Node's hooks thread handle ECMAScript modules, and a wrapped `_compile` handles CommonJS.

import * as nodeModule from "node:module";
import { MessageChannel, type MessagePort } from "node:worker_threads";
import {
  type LoadedModule,
  type ResolvedModule,
  resolveOwn,
  rewriteLoaded,
  rewriteScript,
} from "./nodeHooks.ts";
import { Selection, type TransformOptions } from "./selection.ts";

interface SynchronousHooks {
  resolve(
    specifier: string,
    context: object,
    next: (specifier: string, context: object) => ResolvedModule,
  ): ResolvedModule;
  load(
    url: string,
    context: object,
    next: (url: string, context: object) => LoadedModule,
  ): LoadedModule;
}

type RegisterHooks = (hooks: SynchronousHooks) => void;

interface CommonJSModule {
  _compile(this: unknown, code: string, file: string, ...rest: unknown[]): unknown;
}

// The types are those of the oldest supported version of Node, which lacks this function.
const { registerHooks } = nodeModule as unknown as { registerHooks?: RegisterHooks };

let selection: Selection | undefined;
/** Sends options to the hooks in Node's hooks thread. */
let toHooks: MessagePort | undefined;

/**
 * Marks the awaits of modules that this process loads from now on, so that `explore` can delay
 * them. By default, all modules in the working directory are covered, except in node_modules.
 * The option `dependencies` adds packages. A second call replaces the options of the first.
 * `node --import mysyncio/register` calls this function without options.
 *
 * @throws TypeError or RangeError for an invalid option
 */
export function register(options: TransformOptions = {}): void {
  const next = new Selection(options);
  next.checkDependencies();
  const isFirst = selection === undefined;
  selection = next;
  if (registerHooks !== undefined) {
    if (isFirst) hookModules(registerHooks);
    return;
  }
  if (isFirst) {
    hookCommonJS();
    const { port1, port2 } = new MessageChannel();
    toHooks = port1;
    toHooks.unref();
    nodeModule.register("./registerThread.js", import.meta.url, {
      data: { port: port2 },
      transferList: [port2],
    });
  }
  toHooks?.postMessage(options);
}

function hookModules(hook: RegisterHooks): void {
  hook({
    resolve: (specifier, context, next) => resolveOwn(specifier) ?? next(specifier, context),
    load: (url, context, next) => rewriteLoaded(url, next(url, context), selection as Selection),
  });
}

function hookCommonJS(): void {
  // `_compile` isn't documented, but many tools replace it, so Node keeps it.
  const prototype = nodeModule.Module.prototype as unknown as CommonJSModule;
  const compile = prototype._compile;
  prototype._compile = function (code, file, ...rest) {
    const isSelected = selection?.has(file) === true && code.includes("await");
    const rewritten = isSelected
      ? rewriteScript(code, file, "commonjs", selection as Selection)
      : undefined;
    return compile.call(this, rewritten ?? code, file, ...rest);
  };
}
