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

/** The least number of places at the head of a line for which it pays to move the rest. */
const WORTH_MOVING = 32;

/** First in, first out, in constant time on average: `shift()` of a long array takes time by its length. */
class Line<T> {
  readonly #items: (T | undefined)[] = [];
  /** Where the first item is; places before it are empty. */
  #head = 0;

  get size(): number {
    return this.#items.length - this.#head;
  }

  add(item: T): void {
    this.#items.push(item);
  }

  take(): T {
    const items = this.#items;
    const item = items[this.#head] as T;
    items[this.#head++] = undefined;
    if (this.#head === items.length) {
      items.length = 0;
      this.#head = 0;
    } else if (this.#head >= WORTH_MOVING && this.#head * 2 >= items.length) {
      items.splice(0, this.#head);
      this.#head = 0;
    }
    return item;
  }
}

/** The store of a `Queue`: the oldest item is next. */
export class FirstInFirstOut<T> implements Store<T> {
  // Getters come to their turns in the order in which they were served, so what comes back comes in order of age.
  readonly #returned = new Line<T>();
  readonly #items = new Line<T>();

  get size(): number {
    return this.#returned.size + this.#items.size;
  }

  add(item: T): void {
    this.#items.add(item);
  }

  take(): T {
    return (this.#returned.size > 0 ? this.#returned : this.#items).take();
  }

  putBack(item: T): void {
    this.#returned.add(item);
  }
}
