// The lower bound for generators: the simplest loop that steps them one after the other, and the
// simplest lock, queue, future and timer on it. They have no cancellation, errors, names or checks.
// One file, so that it can be read as a whole.

import { Fifo } from "./fifo.ts";

/** A body yields this to be skipped until something wakes it. */
export const PARKED = true;

/** Something that takes turns: a generator, or a callback. */
export interface Body {
  next(): { readonly done?: boolean; readonly value: unknown };
}

/** The ready bodies are in a ring, which doubles when it is full. */
export class BareLoop {
  /** The body that is running. */
  current: Body | undefined;
  #ring: (Body | undefined)[] = new Array(64).fill(undefined);
  #taken = 0;
  #woken = 0;

  /** Makes `body` ready. */
  wake(body: Body): void {
    if (this.#woken - this.#taken === this.#ring.length) this.#grow();
    this.#ring[this.#woken++ & (this.#ring.length - 1)] = body;
  }

  get isIdle(): boolean {
    return this.#taken === this.#woken;
  }

  /** Runs turn after turn, until nothing is ready. */
  run(): void {
    while (!this.isIdle) this.turn();
  }

  /**
   * A separate function, because engines compile a function that is called often sooner than the
   * body of a loop.
   */
  turn(): void {
    const end = this.#woken;
    while (this.#taken < end) {
      const body = this.#ring[this.#taken++ & (this.#ring.length - 1)] as Body;
      this.current = body;
      const { done, value } = body.next();
      // Not `value !== PARKED`: Node 26 compiles that again and again.
      if (!done && !value) this.wake(body);
    }
  }

  #grow(): void {
    const old = this.#ring;
    const ring: (Body | undefined)[] = new Array(old.length * 2).fill(undefined);
    for (let i = this.#taken; i < this.#woken; i++) {
      ring[i & (ring.length - 1)] = old[i & (old.length - 1)];
    }
    this.#ring = ring;
  }
}

const DONE = { done: true, value: undefined };

/** Makes a body from a function that is called once. */
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

/**
 * A generator with an object of its own, because anything that can be awaited, named or stopped
 * needs one.
 */
export class BareTask implements Body {
  readonly loop: BareLoop;
  readonly name: number;
  readonly #body: Generator<unknown, unknown>;
  readonly #group: BareGroup | undefined;
  isDone = false;
  result: unknown = undefined;
  waitingFor: BareFuture<unknown> | undefined = undefined;
  waiting: Body | undefined = undefined;

  constructor(loop: BareLoop, name: number, body: Generator<unknown, unknown>, group?: BareGroup) {
    this.loop = loop;
    this.name = name;
    this.#body = body;
    this.#group = group;
    loop.wake(this);
  }

  next(): IteratorResult<unknown, unknown> {
    const step = this.#body.next();
    if (step.done) {
      this.isDone = true;
      this.result = step.value;
      if (this.waiting !== undefined) this.loop.wake(this.waiting);
      this.#group?.finishOne();
    }
    return step;
  }
}

/** Counts tasks: `yield group.park()` waits until `size` of them are done. */
export class BareGroup {
  readonly #loop: BareLoop;
  #left: number;
  #waiting: Body | undefined = undefined;

  constructor(loop: BareLoop, size: number) {
    this.#loop = loop;
    this.#left = size;
  }

  finishOne(): void {
    if (--this.#left === 0 && this.#waiting !== undefined) this.#loop.wake(this.#waiting);
  }

  park(): typeof PARKED {
    this.#waiting = this.#loop.current;
    return PARKED;
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

  /** Takes the lock if it is free, or queues up for it. Returns whether it was free. */
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

/** A consumer that waits for an item, and then has it. */
export class Getter<T> {
  readonly body: Body;
  item: T | undefined = undefined;

  constructor(body: Body) {
    this.body = body;
  }
}

/**
 * `if (!queue.put(item)) yield PARKED`. If `get()` returns a Getter, `yield PARKED` and then read
 * its `item`.
 */
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

  /** Puts an item, after a wait if there is no room. Returns whether there was room. */
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

/** `yield* new Put(queue, item)`: creates an object at each call, even if nothing waits. */
export class Put<T> implements Iterable<typeof PARKED, void> {
  readonly #queue: BareQueue<T>;
  readonly #item: T;
  done = true;
  value: typeof PARKED | undefined = undefined;

  constructor(queue: BareQueue<T>, item: T) {
    this.#queue = queue;
    this.#item = item;
  }

  [Symbol.iterator](): Iterator<typeof PARKED, void> {
    return (this.#queue.put(this.#item) ? this : new Parked(undefined)) as never;
  }

  next(): this {
    return this;
  }
}

/** `yield* new Get(queue)`. */
export class Get<T> implements Iterable<typeof PARKED, T> {
  readonly #queue: BareQueue<T>;
  done = true;
  value: T | undefined = undefined;

  constructor(queue: BareQueue<T>) {
    this.#queue = queue;
  }

  [Symbol.iterator](): Iterator<typeof PARKED, T> {
    const got = this.#queue.get();
    if (got instanceof Getter) return new Parked(got);
    this.value = got;
    return this as never;
  }

  next(): this {
    return this;
  }
}

/** Waits once, and then has the getter's item. */
class Parked<T> implements Iterator<typeof PARKED, T> {
  readonly #getter: Getter<T> | undefined;
  #hasWaited = false;

  constructor(getter: Getter<T> | undefined) {
    this.#getter = getter;
  }

  next(): IteratorResult<typeof PARKED, T> {
    if (this.#hasWaited) return { done: true, value: this.#getter?.item as T };
    this.#hasWaited = true;
    return { done: false, value: PARKED };
  }
}

/** Wakes a body when it is due, unless it was stopped. */
class Timer {
  readonly when: number;
  body: Body | undefined;

  constructor(when: number, body: Body | undefined) {
    this.when = when;
    this.body = body;
  }
}

/**
 * Timers by their delays, as hosts keep them: each list is in order, but there is no order between
 * the lists.
 */
export class BareTimers {
  readonly #loop: BareLoop;
  readonly #lists = new Map<number, Fifo<Timer>>();
  #pending = 0;

  constructor(loop: BareLoop) {
    this.#loop = loop;
  }

  /** Wakes the current body after `delay` milliseconds. */
  start(delay: number): Timer {
    const timer = new Timer(performance.now() + delay, this.#loop.current);
    let list = this.#lists.get(delay);
    if (list === undefined) {
      list = new Fifo();
      this.#lists.set(delay, list);
    }
    list.push(timer);
    this.#pending++;
    return timer;
  }

  stop(timer: Timer): void {
    timer.body = undefined;
    this.#pending--;
  }

  /** Runs turn after turn, until nothing is ready and no timer is left. */
  run(): void {
    while (this.#pending > 0 || !this.#loop.isIdle) {
      this.#loop.turn();
      if (this.#pending > 0) this.#wakeAt(performance.now());
    }
  }

  #wakeAt(now: number): void {
    for (const list of this.#lists.values()) {
      for (let timer = list.first; timer !== undefined; timer = list.first) {
        if (timer.body !== undefined) {
          if (timer.when > now) break;
          this.#loop.wake(timer.body);
          this.#pending--;
        }
        list.shift();
      }
    }
  }
}
