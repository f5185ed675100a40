// The module hooks for versions of Node that run such hooks in a separate thread.

import { type MessagePort, receiveMessageOnPort } from "node:worker_threads";
import { type LoadedModule, type ResolvedModule, resolveOwn, rewriteLoaded } from "./nodeHooks.ts";
import { Selection, type TransformOptions } from "./selection.ts";

let fromMain: MessagePort | undefined;
let selection = new Selection();

/** Called by Node before the other hooks. */
export function initialize({ port }: { port: MessagePort }): void {
  fromMain = port;
}

export async function resolve(
  specifier: string,
  context: object,
  next: (specifier: string, context: object) => Promise<ResolvedModule>,
): Promise<ResolvedModule> {
  return resolveOwn(specifier) ?? next(specifier, context);
}

export async function load(
  url: string,
  context: object,
  next: (url: string, context: object) => Promise<LoadedModule>,
): Promise<LoadedModule> {
  const loaded = await next(url, context);
  // The CommonJS loader reads CommonJS modules itself, in the program's own thread.
  if (loaded.format?.startsWith("commonjs")) return loaded;
  return rewriteLoaded(url, loaded, newestSelection());
}

/**
 * Returns the selection for the latest options. The options of a call of `register` arrive before
 * any request to load a module that was imported after the call.
 */
function newestSelection(): Selection {
  while (fromMain !== undefined) {
    const received = receiveMessageOnPort(fromMain) as { message: TransformOptions } | undefined;
    if (received === undefined) break;
    selection = new Selection(received.message);
  }
  return selection;
}
