// The limit of what generators can do: the simplest loop over them that passes the turn on, and the simplest lock, queue
// and future on it. No cancel, no errors, no names, no check of anything.

import { Fifo } from "./fifo.ts";

/** What a body yields that is not to come to its turn again until somebody wakes it. */
export const PARKED = true;

/** Something that takes turns: a generator, or a callback. */
export interface Body {
  next(): { readonly done?: boolean; readonly value: unknown };
}

export class BareLoop {
  /** Whose turn it is. */
  current: Body | undefined;
  #ready: Body[] = [];

  /** Has `body` come to its turn. */
  wake(body: Body): void {
    this.#ready.push(body);
  }

  /** Runs turn after turn, until nobody is ready. */
  run(): void {
    while (this.#ready.length > 0) this.#turn();
  }

  /** A function of its own, as engines compile sooner what is called often than what stays in a loop. */
  #turn(): void {
    const turn = this.#ready;
    this.#ready = [];
    for (const body of turn) {
      this.current = body;
      const { done, value } = body.next();
      if (!done && value !== PARKED) this.#ready.push(body);
    }
  }
}

const DONE = { done: true, value: undefined };

/** Makes a body of a function that is called once. */
export class Callback implements Body {
  readonly #call: () => void;

  constructor(call: () => void) {
    this.#call = call;
  }

  next(): typeof DONE {
    this.#call();
    return DONE;
  }
}

/** `if (!future.isDone) yield future.park()`, and then `future.value`. */
export class BareFuture<T> {
  readonly #loop: BareLoop;
  isDone = false;
  value: T | undefined = undefined;
  #waiting: Body | undefined = undefined;

  constructor(loop: BareLoop) {
    this.#loop = loop;
  }

  complete(value: T): void {
    this.isDone = true;
    this.value = value;
    if (this.#waiting !== undefined) this.#loop.wake(this.#waiting);
  }

  park(): typeof PARKED {
    this.#waiting = this.#loop.current;
    return PARKED;
  }
}

/** `if (!lock.take()) yield PARKED`. */
export class BareLock {
  readonly #loop: BareLoop;
  readonly #waiting = new Fifo<Body>();
  #isHeld = false;

  constructor(loop: BareLoop) {
    this.#loop = loop;
  }

  /** Takes it if it is free, else in its turn. Returns whether it was. */
  take(): boolean {
    if (this.#isHeld) {
      this.#waiting.push(this.#loop.current as Body);
      return false;
    }
    this.#isHeld = true;
    return true;
  }

  release(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#isHeld = false;
    else this.#loop.wake(next);
  }
}

/** One who waits for an item, and then has it. */
export class Getter<T> {
  readonly body: Body;
  item: T | undefined = undefined;

  constructor(body: Body) {
    this.body = body;
  }
}

/** `if (!queue.put(item)) yield PARKED`, and where `get()` gives a Getter, `yield PARKED` and its `item`. */
export class BareQueue<T> {
  readonly #loop: BareLoop;
  readonly #size: number;
  readonly #items = new Fifo<T>();
  readonly #getters = new Fifo<Getter<T>>();
  readonly #putters = new Fifo<{ readonly item: T; readonly body: Body }>();

  constructor(loop: BareLoop, size: number) {
    this.#loop = loop;
    this.#size = size;
  }

  /** Puts an item, if there is no room in its turn. Returns whether there was. */
  put(item: T): boolean {
    const getter = this.#getters.shift();
    if (getter !== undefined) {
      getter.item = item;
      this.#loop.wake(getter.body);
    } else if (this.#items.size < this.#size) {
      this.#items.push(item);
    } else {
      this.#putters.push({ item, body: this.#loop.current as Body });
      return false;
    }
    return true;
  }

  get(): T | Getter<T> {
    if (this.#items.size === 0) {
      const getter = new Getter<T>(this.#loop.current as Body);
      this.#getters.push(getter);
      return getter;
    }
    const item = this.#items.shift() as T;
    const putter = this.#putters.shift();
    if (putter !== undefined) {
      this.#items.push(putter.item);
      this.#loop.wake(putter.body);
    }
    return item;
  }
}
