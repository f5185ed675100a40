/** What a queue keeps its items in: it decides which one is next. */
export interface Store<T> {
  readonly size: number;
  /** Keeps an item. Throws, and keeps nothing, if it has no place for it. */
  add(item: T): void;
  /** Takes the next item out. Only if there is one. */
  take(): T;
  /** Keeps an item as if it had never been taken: as older than all that were not. Never throws. */
  putBack(item: T): void;
}

/** How many places a line begins with. */
const FEW = 16;
/** With more places than this, a line gives up half of them when a quarter would do. */
const MANY = 1_024;

/** First in, first out: a ring that doubles when it is full. `shift()` of an array takes time by its length. */
class Line<T> {
  size = 0;
  #ring: (T | undefined)[] = newRing(FEW);
  #head = 0;

  add(item: T): void {
    if (this.size === this.#ring.length) this.#resize(this.size * 2);
    this.#ring[(this.#head + this.size++) & (this.#ring.length - 1)] = item;
  }

  take(): T {
    const ring = this.#ring;
    const item = ring[this.#head] as T;
    ring[this.#head] = undefined;
    this.#head = (this.#head + 1) & (ring.length - 1);
    if (--this.size < ring.length / 4 && ring.length > MANY) this.#resize(ring.length / 2);
    return item;
  }

  /** Moves all items to the front of a ring of `length` places, a power of two. */
  #resize(length: number): void {
    const old = this.#ring;
    const ring = newRing<T>(length);
    for (let i = 0; i < this.size; i++) ring[i] = old[(this.#head + i) & (old.length - 1)];
    this.#ring = ring;
    this.#head = 0;
  }
}

function newRing<T>(length: number): (T | undefined)[] {
  return new Array<T | undefined>(length).fill(undefined);
}

/** The store of a `Queue`: the oldest item is next. */
export class FirstInFirstOut<T> implements Store<T> {
  /** How many there are. Counted, as it is asked more often than anything changes. */
  size = 0;
  readonly #items = new Line<T>();
  /** What came back. Getters come to their turns in the order in which they were served, so that is in order of age. */
  #returned: Line<T> | undefined;

  add(item: T): void {
    this.#items.add(item);
    this.size++;
  }

  take(): T {
    this.size--;
    if (this.#returned === undefined) return this.#items.take();
    const item = this.#returned.take();
    if (this.#returned.size === 0) this.#returned = undefined;
    return item;
  }

  putBack(item: T): void {
    this.#returned ??= new Line();
    this.#returned.add(item);
    this.size++;
  }
}
