// Bytes in the chunks in which they came, so that most are never copied.
//
//   chunks   [] [] [ab cdefg] [hij] [k l m n . . . .]
//            taken     ^offset       ^from   ^used: the block, with room for more
//
// A peer may send a million chunks of one byte, and each array costs a hundred. So small
// chunks that come behind others are copied together, into a block that has room for more.
//
// Places of taken chunks stay empty until they are half of all: to `shift()` a long array
// takes time by its length.

const SMALL = 512;
const BLOCK = 4_096;
const NOTHING = new Uint8Array(0);
/** The chunks of who has none: there are many idle connections, and an array with room for more takes 184 bytes. */
const NONE: Uint8Array[] = [];
/** The least number of empty places for which it pays to move the rest. */
const WORTH_MOVING = 32;

/** Where a separator was found: from its first byte to behind its last one, counted from the first byte there is. */
export interface Found {
  readonly start: number;
  readonly end: number;
}

/** Bytes that wait to be read, first in, first out. */
export class ByteBuffer {
  /** How many there are. */
  size = 0;
  #chunks: Uint8Array[] = NONE;
  /** Where the first chunk is; 0 if there is none. */
  #first = 0;
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
    if (this.size === 0) {
      this.#chunks = [chunk];
    } else if (chunk.length < SMALL) {
      this._pushSmall(chunk);
    } else {
      this.#chunks.push(chunk);
      this.#block = undefined;
    }
    this.size += chunk.length;
  }

  /** @internal */
  _pushSmall(chunk: Uint8Array): void {
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
    const chunk = this.#chunks[this.#first] as Uint8Array;
    const offset = this.#offset;
    const left = chunk.length - offset;
    if (count > left) return this._join(count);
    this.size -= count;
    if (count < left) {
      this.#offset += count;
      return chunk.subarray(offset, this.#offset);
    }
    this._dropChunk();
    return offset === 0 ? chunk : chunk.subarray(offset);
  }

  /** @internal */
  _join(count: number): Uint8Array {
    const joined = new Uint8Array(count);
    let filled = 0;
    while (filled < count) {
      const { length } = this.#chunks[this.#first] as Uint8Array;
      const part = this.take(Math.min(count - filled, length - this.#offset));
      joined.set(part, filled);
      filled += part.length;
    }
    return joined;
  }

  /** @internal */
  _dropChunk(): void {
    const chunks = this.#chunks;
    this.#offset = 0;
    chunks[this.#first++] = NOTHING;
    if (this.#first === chunks.length) {
      this.#chunks = NONE;
      this.#first = 0;
      this.#block = undefined;
    } else if (this.#first >= WORTH_MOVING && this.#first * 2 >= chunks.length) {
      chunks.splice(0, this.#first);
      this.#first = 0;
    }
  }

  /** Finds the first of `separators` to end, behind the first `searched` bytes. Where two end together, the shorter one. */
  find(separators: readonly Uint8Array[], searched: number): Found | undefined {
    let end = Infinity;
    let length = 0;
    for (const separator of separators) {
      const found = this._endOf(separator, searched, end);
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
   *
   * @internal
   */
  _endOf(separator: Uint8Array, searched: number, bound: number): number {
    if (searched >= this.size) return Infinity;
    const chunks = this.#chunks;
    const last = separator.at(-1) as number;
    // From the end: what was searched already may be long.
    let index = chunks.length;
    let base = this.size;
    do base -= (chunks[--index] as Uint8Array).length;
    while (base > searched);
    for (; index < chunks.length && base < bound; index++) {
      const chunk = chunks[index] as Uint8Array;
      let at = chunk.indexOf(last, searched > base ? searched - base : 0);
      while (at >= 0) {
        if (this._endsWith(separator, index, at)) return base + at + 1;
        at = chunk.indexOf(last, at + 1);
      }
      base += chunk.length;
    }
    return Infinity;
  }

  /** Whether the bytes up to and with that at `lastAt` of a chunk are those of `separator`, whose last one it is. @internal */
  _endsWith(separator: Uint8Array, lastIndex: number, lastAt: number): boolean {
    let index = lastIndex;
    let at = lastAt;
    let chunk = this.#chunks[index] as Uint8Array;
    for (let left = separator.length - 1; left > 0; left--) {
      while (--at < (index === this.#first ? this.#offset : 0)) {
        if (index === this.#first) return false;
        chunk = this.#chunks[--index] as Uint8Array;
        at = chunk.length;
      }
      if (chunk[at] !== separator[left - 1]) return false;
    }
    return true;
  }

  /** Whether the bytes from `start` on are those of `expected`. */
  startsWith(expected: Uint8Array, start: number): boolean {
    let at = 0;
    let base = start + this.#offset;
    for (let index = this.#first; index < this.#chunks.length; index++) {
      const chunk = this.#chunks[index] as Uint8Array;
      for (; base + at < chunk.length && at < expected.length; at++) {
        if (chunk[base + at] !== expected[at]) return false;
      }
      if (at === expected.length) return true;
      base -= chunk.length;
    }
    return false;
  }
}
