import { checkFunction, checkOptions, describe } from "../loop/arguments.ts";
import type { Coroutine } from "../tasks/coroutine.ts";
import { type Compare, naturalOrder } from "./order.ts";
import { Queue } from "./queue.ts";
import type { Store } from "./store.ts";

/** How a `PriorityQueue` is made. */
export interface PriorityQueueOptions<T> {
  /** The order, as for `Array.prototype.sort`: negative if `a` comes first. */
  readonly compare?: Compare<T> | undefined;
}

/**
 * A queue that gives the smallest item first; of equal ones, the oldest. Like `asyncio.PriorityQueue`; all else as
 * `Queue`.
 *
 * By default items are numbers, bigints, strings, objects with such a `valueOf` (a `Date`), or arrays of these, which
 * are compared element by element, as Python's tuples: `[priority, data]`. Where priorities may be equal, and the data
 * have no order, give `compare`.
 *
 * A waiting getter gets the first item that is put, even if a smaller one follows in the same turn.
 *
 * @example
 * const jobs = new PriorityQueue<Job>(0, { compare: (a, b) => a.priority - b.priority });
 */
export class PriorityQueue<T> extends Queue<T> {
  readonly #compare: Compare<T>;

  /**
   * @throws TypeError if `maxsize` is not a number, or `compare` not a function. @throws RangeError if `maxsize` is NaN
   * or has a fraction.
   */
  constructor(maxsize = 0, options: PriorityQueueOptions<T> = {}) {
    checkOptions(options);
    const { compare = naturalOrder } = options;
    checkFunction("compare", compare);
    super(maxsize);
    this._store = new Heap(compare);
    this.#compare = compare;
  }

  /**
   * As `Queue.put`.
   *
   * @throws TypeError if the item has no order: at the call if it has none by itself, else when it is put among others.
   * Nothing is changed then.
   */
  override put(item: T): Coroutine<void> {
    this.#check(item);
    return super.put(item);
  }

  /** As `Queue.putNowait`. @throws TypeError if the item has no order. Nothing is changed then */
  override putNowait(item: T): void {
    this.#check(item);
    super.putNowait(item);
  }

  #check(item: T): void {
    // Even alone: else it would be the next item that is refused, or be handed over where it happens to find a getter.
    if (this.#compare === naturalOrder) naturalOrder(item, item);
  }
}

interface Entry<T> {
  readonly item: T;
  /** Of equal items, the one with the lower number is next. */
  readonly seq: number;
}

// A binary min-heap over (item, seq). To compare may throw: first the place is found,
// and only then anything is moved.
class Heap<T> implements Store<T> {
  readonly #compare: Compare<T>;
  readonly #entries: Entry<T>[] = [];
  #added = 0;
  /** Older than everything that was added, and in order. */
  #returned = Number.MIN_SAFE_INTEGER;

  constructor(compare: Compare<T>) {
    this.#compare = compare;
  }

  get size(): number {
    return this.#entries.length;
  }

  add(item: T): void {
    const entry = { item, seq: this.#added++ };
    this.#rise(entry, this.#placeAbove(entry));
  }

  putBack(item: T): void {
    const entry = { item, seq: this.#returned++ };
    let place = this.#entries.length;
    try {
      place = this.#placeAbove(entry);
    } catch {
      // Whose getter was cancelled has nothing to do with it: the next one who gets will hear of it.
    }
    this.#rise(entry, place);
  }

  take(): T {
    const entries = this.#entries;
    let moved = entries.at(-1) as Entry<T>;
    // From where the last leaf belongs, all move up by one, and the root out.
    for (let place = this.#placeBelow(moved); place >= 0; place = (place - 1) >> 1) {
      const above = entries[place] as Entry<T>;
      entries[place] = moved;
      moved = above;
    }
    entries.pop();
    return moved.item;
  }

  /** The place on the way from a new leaf to the root where `entry` belongs. */
  #placeAbove(entry: Entry<T>): number {
    let place = this.#entries.length;
    while (place > 0) {
      const parent = (place - 1) >> 1;
      if (!this.#isBefore(entry, this.#entries[parent] as Entry<T>)) break;
      place = parent;
    }
    return place;
  }

  /** Puts `entry` in at `place`, and moves those down that are between it and a new leaf. */
  #rise(entry: Entry<T>, place: number): void {
    const entries = this.#entries;
    let hole = entries.length;
    while (hole > place) {
      const parent = (hole - 1) >> 1;
      entries[hole] = entries[parent] as Entry<T>;
      hole = parent;
    }
    entries[place] = entry;
  }

  /** The place on the way down from the root where the last leaf belongs. */
  #placeBelow(last: Entry<T>): number {
    const entries = this.#entries;
    const size = entries.length - 1;
    let place = 0;
    for (;;) {
      let child = 2 * place + 1;
      const right = child + 1;
      if (child >= size) return place;
      if (right < size && this.#isBefore(entries[right] as Entry<T>, entries[child] as Entry<T>)) {
        child = right;
      }
      if (!this.#isBefore(entries[child] as Entry<T>, last)) return place;
      place = child;
    }
  }

  #isBefore(a: Entry<T>, b: Entry<T>): boolean {
    const order: unknown = this.#compare(a.item, b.item);
    if (typeof order !== "number" || Number.isNaN(order)) {
      throw new TypeError(`Expected \`compare\` to return a number, got ${describe(order)}`);
    }
    return order === 0 ? a.seq < b.seq : order < 0;
  }
}
