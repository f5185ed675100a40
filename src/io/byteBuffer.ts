// Bytes in the chunks in which they came, so that most are never copied.
//
//   chunks   [ab cdefg] [hij] [k l m n . . . .]
//                ^offset       ^from   ^used: the block, with room for more
//
// A peer may send a million chunks of one byte, and each array costs a hundred. So small
// chunks that come behind others are copied together, into a block that has room for more.

const SMALL = 512;
const BLOCK = 4_096;
const NOTHING = new Uint8Array(0);

/** Where a separator was found: from its first byte to behind its last one, counted from the first byte there is. */
export interface Found {
  readonly start: number;
  readonly end: number;
}

/** Bytes that wait to be read, first in, first out. */
export class ByteBuffer {
  /** How many there are. */
  size = 0;
  readonly #chunks: Uint8Array[] = [];
  /** How many bytes of the first chunk were taken. */
  #offset = 0;
  /** What the last chunk is a part of, if it is made of small ones. */
  #block: Uint8Array | undefined;
  /** Which part of it. */
  #from = 0;
  #used = 0;

  /** Takes over a chunk, which nobody may change any more. */
  push(chunk: Uint8Array): void {
    if (chunk.length === 0) return;
    if (this.size > 0 && chunk.length < SMALL) {
      this.#pushSmall(chunk);
    } else {
      this.#chunks.push(chunk);
      this.#block = undefined;
    }
    this.size += chunk.length;
  }

  #pushSmall(chunk: Uint8Array): void {
    const chunks = this.#chunks;
    let block = this.#block;
    if (block !== undefined && this.#used + chunk.length <= BLOCK) {
      chunks.pop();
    } else {
      block = this.#block = new Uint8Array(BLOCK);
      this.#from = this.#used = 0;
    }
    block.set(chunk, this.#used);
    this.#used += chunk.length;
    chunks.push(block.subarray(this.#from, this.#used));
  }

  /** Takes the first `count` bytes, of which there must be so many. Copies only what came in several chunks. */
  take(count: number): Uint8Array {
    if (count === 0) return NOTHING;
    const chunk = this.#chunks[0] as Uint8Array;
    const offset = this.#offset;
    const left = chunk.length - offset;
    if (count > left) return this.#join(count);
    this.size -= count;
    if (count < left) {
      this.#offset += count;
      return chunk.subarray(offset, this.#offset);
    }
    this.#dropChunk();
    return offset === 0 ? chunk : chunk.subarray(offset);
  }

  #join(count: number): Uint8Array {
    const joined = new Uint8Array(count);
    let filled = 0;
    while (filled < count) {
      const { length } = this.#chunks[0] as Uint8Array;
      const part = this.take(Math.min(count - filled, length - this.#offset));
      joined.set(part, filled);
      filled += part.length;
    }
    return joined;
  }

  #dropChunk(): void {
    this.#chunks.shift();
    this.#offset = 0;
    if (this.#chunks.length === 0) this.#block = undefined;
  }

  /** Finds the first of `separators` to end, behind the first `searched` bytes. Where two end together, the shorter one. */
  find(separators: readonly Uint8Array[], searched: number): Found | undefined {
    let end = Infinity;
    let length = 0;
    for (const separator of separators) {
      const found = this.#endOf(separator, searched, end);
      if (found >= end) continue;
      end = found;
      length = separator.length;
    }
    return end === Infinity ? undefined : { start: end - length, end };
  }

  /**
   * Where `separator` first ends: behind `searched` and before `bound`; Infinity if nowhere.
   *
   * Looks for its last byte, which engines do fast, and then back. So where the chunks meet does not matter.
   */
  #endOf(separator: Uint8Array, searched: number, bound: number): number {
    const last = separator.at(-1) as number;
    let base = -this.#offset;
    for (const chunk of this.#chunks) {
      if (base >= bound) return Infinity;
      const end = base + chunk.length;
      let at = end <= searched ? -1 : chunk.indexOf(last, Math.max(searched - base, 0));
      while (at >= 0) {
        if (this.#endsWith(separator, base + at + 1)) return base + at + 1;
        at = chunk.indexOf(last, at + 1);
      }
      base = end;
    }
    return Infinity;
  }

  /** Whether the bytes before `end` are those of `separator`. */
  #endsWith(separator: Uint8Array, end: number): boolean {
    const start = end - separator.length;
    return start >= 0 && (separator.length === 1 || this.startsWith(separator, start));
  }

  /** Whether the bytes from `start` on are those of `expected`. */
  startsWith(expected: Uint8Array, start: number): boolean {
    let at = 0;
    let base = start + this.#offset;
    for (const chunk of this.#chunks) {
      for (; base + at < chunk.length && at < expected.length; at++) {
        if (chunk[base + at] !== expected[at]) return false;
      }
      if (at === expected.length) return true;
      base -= chunk.length;
    }
    return false;
  }
}
