import { checkFunction, checkOptions, describe } from "../lang/arguments.ts";
import type { Coroutine } from "../tasks/kernel/coroutine.ts";
import { type Compare, naturalOrder } from "./order.ts";
import { Queue } from "./queue.ts";
import type { Store } from "./store.ts";

/** Options of a `PriorityQueue`. */
export interface PriorityQueueOptions<T> {
  /** The order, as for `Array.prototype.sort`: negative if `a` comes first. */
  readonly compare?: Compare<T> | undefined;
}

/**
 * A queue that returns the smallest item first, and the oldest of equal items. Otherwise it behaves
 * like `Queue`. Like `asyncio.PriorityQueue`.
 *
 * Without `compare`, items must be numbers, bigints, strings, objects whose `valueOf` returns one
 * of these (such as a `Date`), or arrays of these, which are compared element by element like
 * Python's tuples: `[priority, data]`. Pass `compare` if priorities may be equal and the data have
 * no order.
 *
 * If a getter is already waiting, it gets the first item that is put, even if a smaller one follows
 * in the same turn.
 *
 * @example
 * const jobs = new PriorityQueue<Job>(0, { compare: (a, b) => a.priority - b.priority });
 */
export class PriorityQueue<T> extends Queue<T> {
  readonly #compare: Compare<T>;

  /**
   * @throws TypeError if `maxsize` is not a number, or `compare` not a function. @throws RangeError
   * if `maxsize` is NaN or has a fraction.
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
   * Puts an item, as `Queue.put` does.
   *
   * @throws TypeError if the item has no order: at the call if it can't be compared with itself,
   * otherwise when it is compared with other items. The queue is then unchanged.
   */
  override put(item: T): Coroutine<void> {
    this.#check(item);
    return super.put(item);
  }

  /**
   * Puts an item, as `Queue.putNowait` does.
   * @throws TypeError if it has no order; the queue is then unchanged.
   */
  override putNowait(item: T): void {
    this.#check(item);
    super.putNowait(item);
  }

  #check(item: T): void {
    // Checked even for the first item. Otherwise the error would only appear at the next item, or a
    // waiting getter would receive an item without an order.
    if (this.#compare === naturalOrder) naturalOrder(item, item);
  }
}

interface Entry<T> {
  readonly item: T;
  /** Among equal items, the one with the lowest number is next. */
  readonly seq: number;
}

// A binary min-heap over (item, seq). Comparing may throw, so an operation finds the position
// first, and moves entries only then.
class Heap<T> implements Store<T> {
  readonly #compare: Compare<T>;
  readonly #entries: Entry<T>[] = [];
  #added = 0;

  constructor(compare: Compare<T>) {
    this.#compare = compare;
  }

  get size(): number {
    return this.#entries.length;
  }

  add(item: T): void {
    const entry = { item, seq: this.#added++ };
    this.#rise(entry, this.#positionAbove(entry));
  }

  putBack(item: T, order: number): void {
    // This `seq` is lower than that of every added item, because an item that is put back is older.
    const entry = { item, seq: Number.MIN_SAFE_INTEGER + order };
    let position = this.#entries.length;
    try {
      position = this.#positionAbove(entry);
    } catch {
      // The cancelled getter must not see this error. The next `get` will throw it.
    }
    this.#rise(entry, position);
  }

  take(): T {
    const entries = this.#entries;
    let moved = entries.at(-1) as Entry<T>;
    // Put the last leaf where it belongs, and move the entries between there and the root up one
    // level, so that the root drops out.
    for (let position = this.#positionBelow(moved); position >= 0; position = (position - 1) >> 1) {
      const above = entries[position] as Entry<T>;
      entries[position] = moved;
      moved = above;
    }
    entries.pop();
    return moved.item;
  }

  /** Returns where `entry` belongs on the path from a new leaf to the root. */
  #positionAbove(entry: Entry<T>): number {
    let position = this.#entries.length;
    while (position > 0) {
      const parent = (position - 1) >> 1;
      if (!this.#isBefore(entry, this.#entries[parent] as Entry<T>)) break;
      position = parent;
    }
    return position;
  }

  /** Inserts `entry` at `position`, and moves the entries between there and a new leaf down. */
  #rise(entry: Entry<T>, position: number): void {
    const entries = this.#entries;
    let hole = entries.length;
    while (hole > position) {
      const parent = (hole - 1) >> 1;
      entries[hole] = entries[parent] as Entry<T>;
      hole = parent;
    }
    entries[position] = entry;
  }

  /**
   * Returns where `last`, the last leaf, belongs on the path from the root down through the smaller
   * children.
   */
  #positionBelow(last: Entry<T>): number {
    const entries = this.#entries;
    const size = entries.length - 1;
    let position = 0;
    for (;;) {
      let child = 2 * position + 1;
      const right = child + 1;
      if (child >= size) return position;
      if (right < size && this.#isBefore(entries[right] as Entry<T>, entries[child] as Entry<T>)) {
        child = right;
      }
      if (!this.#isBefore(entries[child] as Entry<T>, last)) return position;
      position = child;
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
