// Node, Bun and Deno: what follows an asynchronous call through `AsyncLocalStorage`.

import { RuntimeError } from "../errors.ts";
import type { Snapshot } from "../scheduler.ts";

interface Platform {
  readonly process?: {
    getBuiltinModule?(name: "node:async_hooks"): {
      readonly AsyncLocalStorage: { snapshot(): Snapshot };
    };
  };
}

/** What keeps the context of now, to run something in it later. @throws RuntimeError where there is no such thing */
export function asyncContextKeeper(): () => Snapshot {
  // No import: the package runs elsewhere too, and most programs do not want it.
  const hooks = (globalThis as Platform).process?.getBuiltinModule?.("node:async_hooks");
  if (hooks === undefined) {
    throw new RuntimeError("`asyncContext` needs Node's AsyncLocalStorage, which is not there");
  }
  return () => hooks.AsyncLocalStorage.snapshot();
}
