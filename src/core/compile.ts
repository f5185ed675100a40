// From the bytes in the bundle to an instance: synchronously, on first use, and compiled
// once for all cores.

import { CORE_HEX } from "./bytes.ts";

/** What assembly/index.ts exports. Integers arrive signed, addresses need `>>> 0`. */
export interface CoreExports {
  readonly memory: WebAssembly.Memory;
  readonly rings: Word;
  readonly places: Word;
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

/** A global of the core, read after what may have changed it. */
interface Word {
  readonly value: number;
}

let compiled: WebAssembly.Module | undefined;

/**
 * Makes an instance of the core.
 *
 * @throws WebAssembly.CompileError or EvalError where a Content-Security-Policy forbids it,
 * ReferenceError where there is no WebAssembly, RangeError without memory.
 */
export function instantiateCore(): CoreExports {
  compiled ??= new WebAssembly.Module(decodeHex(CORE_HEX));
  return exportsOf(compiled);
}

/** The exports of a new instance of any build of the core. */
export function exportsOf(module: WebAssembly.Module): CoreExports {
  return new WebAssembly.Instance(module).exports as unknown as CoreExports;
}

/**
 * Two digits for a byte: longer than base64, but repetitions stay visible, and so it is shorter once compressed.
 * Read by words, for this runs once and is never optimized.
 */
export function decodeHex(digits: string): Uint8Array<ArrayBuffer> {
  const words = digits.padStart((digits.length + 7) & ~7, "0");
  const view = new DataView(new ArrayBuffer(words.length / 2));
  for (let at = 0; at < words.length; at += 8) {
    view.setUint32(at / 2, Number.parseInt(words.slice(at, at + 8), 16));
  }
  return new Uint8Array(view.buffer, (words.length - digits.length) / 2);
}
