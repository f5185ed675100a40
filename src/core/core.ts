// The choice of a core for a new loop.

import type { Core, CoreKind } from "./interface.ts";
import { ReferenceCore } from "./referenceCore.ts";
import { newWasmCore, WasmCore } from "./wasmCore.ts";

export { type Core, type CoreKind, type Priority, SLOT_BITS, SLOT_MASK } from "./interface.ts";

let defaultKind: CoreKind | undefined;
let isWasmRefused = false;
let spare: WasmCore | undefined;

/** A core with more memory than this, in bytes, gets a new memory before it is used again. */
const LARGEST_SPARE = 8 << 20;

/**
 * Returns a core for a new loop: a recycled one if possible. If no kind is given or set as default,
 * returns a compiled core if WebAssembly can run, otherwise a reference core. Some platforms lack
 * WebAssembly, and a Content-Security-Policy without `wasm-unsafe-eval` forbids it.
 *
 * @throws the error of WebAssembly if the kind is `"wasm"` and WebAssembly can't run.
 */
export function newCore(kind: CoreKind | undefined = defaultKind): Core {
  if (kind !== "js" && spare !== undefined) return takeSpare(spare);
  if (kind === "wasm") return newWasmCore();
  if (kind === "js" || isWasmRefused) return new ReferenceCore();
  try {
    return newWasmCore();
  } catch (error) {
    // Don't try again, because the policy doesn't change and each attempt may be reported. But a
    // lack of memory may be temporary.
    isWasmRefused = !(error instanceof RangeError);
    return new ReferenceCore();
  }
}

/**
 * Keeps a compiled core that its owner has finished with, for the next call of `newCore()`. Ignores
 * a reference core.
 *
 * Each instance has its own functions, and the engine inlines a call into WebAssembly only if that
 * call always reaches the same function. So loops that run one after the other are faster if they
 * share one instance.
 */
export function recycleCore(core: Core): void {
  if (!(core instanceof WasmCore)) return;
  try {
    if (core.bytes() > LARGEST_SPARE) core.renew();
    else core.reset();
    spare = core;
  } catch {
    // A broken core is left to the garbage collector.
  }
}

function takeSpare(core: WasmCore): Core {
  spare = undefined;
  return core;
}

/**
 * Sets the default kind of `newCore()`. With `undefined`, the platform decides again.
 *
 * @internal
 */
export function setDefaultCore(kind: CoreKind | undefined): void {
  defaultKind = kind;
}
