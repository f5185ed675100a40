// A buffer that keeps bytes in their original chunks, so that most bytes are never copied.
//
//   chunks   [] [] [ab cdefg] [hij] [k l m n . . . .]
//            taken     ^offset       ^from   ^used: a block with space for more
//
// A peer may send a million chunks of one byte, and an array for each would waste memory. So a
// small chunk that follows another is copied into a block with space for more.
//
// Taken chunks leave empty entries at the front until they make up half of the array, because
// `shift()` on a long array takes time proportional to its length.

const SMALL = 512;
const BLOCK = 4_096;
const NOTHING = new Uint8Array(0);
/**
 * Shared by all empty buffers, because programs have many idle connections, and a growable array is
 * large.
 */
const NONE: Uint8Array[] = [];
/** With fewer empty entries than this, moving the rest isn't worthwhile. */
const WORTH_MOVING = 32;

/** The position of a separator, from its first byte to just after its last one. */
export interface Found {
  readonly start: number;
  readonly end: number;
}

/** A FIFO queue of bytes that wait to be read. */
export class ByteBuffer {
  /** The number of bytes. */
  size = 0;
  #chunks: Uint8Array[] = NONE;
  /** The index of the first chunk; 0 if there is none. */
  #first = 0;
  /** The number of bytes taken from the first chunk. */
  #offset = 0;
  /** The block that contains the last chunk, if that chunk was built from small ones. */
  #block: Uint8Array | undefined;
  /** The range of the block that is the last chunk. */
  #from = 0;
  #used = 0;

  /** Appends a chunk, which must not change afterwards. */
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

  /**
   * Takes the first `count` bytes; `count` must not exceed `size`. Copies them only if they span
   * several chunks.
   */
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

  /**
   * Finds the separator that ends first, after the first `searched` bytes. If two end together,
   * finds the one that is listed first. Returns undefined if none is found.
   */
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
   * Returns where `separator` first ends after `searched`; Infinity if it doesn't. Skips chunks
   * that begin at `bound` or later.
   *
   * Searches for the separator's last byte, which engines do fast, then compares backwards. That
   * way, a separator that spans chunks needs no special case.
   */
  _endOf(separator: Uint8Array, searched: number, bound: number): number {
    if (searched >= this.size) return Infinity;
    const chunks = this.#chunks;
    const last = separator.at(-1) as number;
    // Starts from the end, because the part already searched may be long.
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

  /**
   * Whether an occurrence of `separator` ends at index `lastAt` of the chunk `lastIndex`. The byte
   * there must equal the separator's last byte.
   */
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

  /** Whether the bytes from `start` on begin with `expected`. */
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
