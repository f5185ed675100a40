// Compiles the core from the bytes in the bundle, synchronously and on first use. All cores are
// instances of the compiled module.

import { CORE } from "./bytes.ts";

/** The exports of assembly/index.ts. Integers arrive signed, so addresses need `>>> 0`. */
export interface CoreExports {
  readonly memory: WebAssembly.Memory;
  readonly rings: Word;
  readonly states: Word;
  readonly heap: Word;
  readonly capacity: Word;
  readonly live: Word;
  readonly timers: Word;

  allocate(): number;
  release(id: number): number;
  makeRoom(head: number, tail: number): number;
  schedule(id: number, priority: number): number;
  addTimer(id: number, when: number): void;
  removeTimer(id: number): number;
  turn(now: number, head: number, tail: number): number;
  reset(counter: number, arrival: number): void;
}

/** A global of the core. Its value must be read again after each call that may change it. */
interface Word {
  readonly value: number;
}

let compiled: WebAssembly.Module | undefined;

/**
 * Creates an instance of the core.
 *
 * @throws WebAssembly.CompileError or EvalError if a Content-Security-Policy forbids it,
 * ReferenceError if there is no WebAssembly, RangeError if there is not enough memory.
 */
export function instantiateCore(): CoreExports {
  compiled ??= new WebAssembly.Module(coreBytes());
  return exportsOf(compiled);
}

/** Instantiates any build of the core. */
export function exportsOf(module: WebAssembly.Module): CoreExports {
  // TypeScript doesn't know the types of the exports.
  return new WebAssembly.Instance(module).exports as unknown as CoreExports;
}

/** Returns the bytes of the core. Each byte consists of the lowest four bits of two characters. */
export function coreBytes(): Uint8Array<ArrayBuffer> {
  // A program decodes them only once. A `for` loop would run for so long that
  // the engine compiles it, which takes longer than the decoding itself.
  return new Uint8Array(CORE.length / 2).map(
    (_, i) => (CORE.charCodeAt(2 * i) << 4) | (CORE.charCodeAt(2 * i + 1) & 15),
  );
}
