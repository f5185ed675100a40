// Which core does a loop get?

import type { Core, CoreKind } from "./interface.ts";
import { ReferenceCore } from "./referenceCore.ts";
import { newWasmCore, WasmCore } from "./wasmCore.ts";

export { type Core, type CoreKind, type Priority, SLOT_BITS, SLOT_MASK } from "./interface.ts";

let defaultKind: CoreKind | undefined;
let isWasmRefused = false;
let spare: WasmCore | undefined;
/** What `withCore` was given, while it runs. */
let given: Core | undefined;

/** A core that has grown beyond so many bytes is left to the garbage collector. */
const LARGEST_SPARE = 8 << 20;

/**
 * Makes a core. Without a kind it is the compiled one wherever WebAssembly may run, else
 * the reference core: a Content-Security-Policy without `wasm-unsafe-eval` forbids
 * WebAssembly, and some platforms have none.
 *
 * @throws whatever keeps the kind `"wasm"` from running, if it was asked for.
 */
export function newCore(kind: CoreKind | undefined = defaultKind): Core {
  if (given !== undefined) return given;
  if (kind !== "js" && spare !== undefined) return takeSpare(spare);
  if (kind === "wasm") return newWasmCore();
  if (kind === "js" || isWasmRefused) return new ReferenceCore();
  try {
    return newWasmCore();
  } catch (error) {
    // A policy does not change, and would report each attempt. A lack of memory may pass.
    isWasmRefused = !(error instanceof RangeError);
    return new ReferenceCore();
  }
}

/**
 * Takes a core back that its owner will not use again, for the next `newCore()`.
 *
 * An instance has functions of its own, and the engine only inlines a call into wasm where it has always been the same
 * function: with one instance for all the loops that come one after the other, a turn costs half.
 */
export function recycleCore(core: Core): void {
  if (!(core instanceof WasmCore) || core.bytes() > LARGEST_SPARE) return;
  try {
    core.reset();
    spare = core;
  } catch {
    // A core that has broken down goes to the garbage collector.
  }
}

function takeSpare(core: WasmCore): Core {
  spare = undefined;
  return core;
}

/** Has every core that `make` asks for be `core`: for loops whose order is to be another one. */
export function withCore<T>(core: Core, make: () => T): T {
  given = core;
  try {
    return make();
  } finally {
    given = undefined;
  }
}

/**
 * Sets what `newCore()` makes; `undefined` goes back to the choice by platform.
 *
 * @internal
 */
export function setDefaultCore(kind: CoreKind | undefined): void {
  defaultKind = kind;
}
