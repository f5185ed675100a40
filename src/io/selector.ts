// Finds the sources that are ready, among many that are not.
//
// Only candidates are polled. A source becomes a candidate when it is registered and whenever it
// notifies, and remains one as long as polling finds it ready. So a thousand idle sources cost
// nothing, and a source that is still readable is reported again (level-triggered).
//
//   notify ─> #candidates ─> select() ─┬─> ready: remains a candidate
//                                      └─> not ready: removed until it notifies again

import { checkTime, describe, outOfRange } from "../lang/arguments.ts";
import { LookupError, RuntimeError } from "../lang/errors.ts";
import { EVENT_READ, EVENT_WRITE, isPollable, type Pollable } from "./pollable.ts";

/** A registered source. Like `selectors.SelectorKey`, but without file descriptors. */
export interface SelectorKey<S = unknown> {
  readonly source: S;
  /** The events to watch for, a sum of `EVENT_READ` and `EVENT_WRITE`. */
  readonly events: number;
  readonly data: unknown;
}

interface Entry {
  key: SelectorKey;
  readonly pollable: Pollable;
  unwatch(): void;
}

/**
 * Watches sources and reports the ready ones. Like Python's `selectors`. Level-triggered: a source
 * is reported again as long as it is ready.
 */
export class Selector {
  readonly #entries = new Map<unknown, Entry>();
  #candidates = new Set<Entry>();
  #closed = false;
  /** Called when a source may have become ready. */
  _onNotify: (() => void) | undefined;
  /**
   * Called with errors thrown by sources. If unset, the method that called the source throws them.
   */
  _onError: ((source: unknown, error: unknown) => void) | undefined;

  /**
   * Starts to watch `source` for `events`. `data` is returned with each report.
   *
   * @throws RangeError if `events` is not `EVENT_READ`, `EVENT_WRITE` or their sum.
   * @throws LookupError if the source is already registered.
   * @throws TypeError if the source can't be watched.
   * @throws RuntimeError if the selector is closed.
   */
  register<S>(source: S, events: number, data?: unknown): SelectorKey<S> {
    this.#checkOpen();
    checkEvents(events);
    if (this.#entries.has(source)) {
      throw new LookupError(`${describe(source)} is already registered. Use \`modify\``);
    }
    const key = { source, events, data };
    this.#watch(key, this._adapt(source));
    return key;
  }

  /**
   * Changes the events or the data of a source.
   *
   * @throws RangeError if `events` is not `EVENT_READ`, `EVENT_WRITE` or their sum.
   * @throws LookupError if the source is not registered.
   * @throws RuntimeError if the selector is closed.
   */
  modify<S>(source: S, events: number, data?: unknown): SelectorKey<S> {
    this.#checkOpen();
    checkEvents(events);
    const entry = this.#entry(source);
    const key = { source, events, data };
    if (events === entry.key.events) {
      entry.key = key;
      return key;
    }
    this.#remove(entry);
    this.#watch(key, entry.pollable);
    return key;
  }

  /**
   * Stops watching a source.
   *
   * @throws LookupError if the source is not registered.
   * @throws RuntimeError if the selector is closed.
   */
  unregister<S>(source: S): SelectorKey<S> {
    this.#checkOpen();
    const entry = this.#entry(source);
    this.#remove(entry);
    return entry.key as SelectorKey<S>;
  }

  /**
   * Returns the sources that are ready now and their events, in the order in which they became
   * ready.
   *
   * Unlike Python's `select`, this never waits, because no events arrive while JavaScript blocks
   * its thread. To wait, use `addReader` and `addWriter` of the loop.
   *
   * @throws TypeError, RangeError if `timeout` is not a time.
   * @throws RuntimeError if the selector is closed, or nothing is ready and `timeout` is not 0.
   */
  select(timeout: number | null = 0): [key: SelectorKey, events: number][] {
    this.#checkOpen();
    if (timeout !== null) checkTime("timeout", timeout);
    const ready: [SelectorKey, number][] = [];
    const candidates = this.#candidates;
    this.#candidates = new Set();
    try {
      for (const entry of candidates) {
        candidates.delete(entry);
        const events = this.#poll(entry);
        // `poll` may have unregistered the source or closed the selector.
        if (events === 0 || this.#entries.get(entry.key.source) !== entry) continue;
        this.#candidates.add(entry);
        ready.push([entry.key, events]);
      }
    } finally {
      // If a source threw, polls the others next time.
      if (!this.#closed) for (const entry of candidates) this.#candidates.add(entry);
    }
    if (ready.length === 0 && (timeout === null || timeout > 0)) {
      throw new RuntimeError(
        "A selector cannot wait, because no events arrive while the thread is blocked. Use `addReader` or `addWriter` of a loop",
      );
    }
    return ready;
  }

  /**
   * Returns the key of a source.
   *
   * @throws LookupError if the source is not registered.
   * @throws RuntimeError if the selector is closed.
   */
  getKey<S>(source: S): SelectorKey<S> {
    this.#checkOpen();
    return this.#entry(source).key as SelectorKey<S>;
  }

  /** Returns the keys of all registered sources. @throws RuntimeError if the selector is closed. */
  getMap(): ReadonlyMap<unknown, SelectorKey> {
    this.#checkOpen();
    return new Map(Array.from(this.#entries, ([source, { key }]) => [source, key]));
  }

  /** Stops watching all sources, and leaves them open. Idempotent. */
  close(): void {
    const entries = [...this.#entries.values()];
    this.#entries.clear();
    this.#candidates.clear();
    this.#closed = true;
    const errors: unknown[] = [];
    for (const entry of entries) {
      try {
        this.#unwatch(entry);
      } catch (error) {
        errors.push(error); // thrown after the others are unwatched
      }
    }
    if (errors.length > 0) throw errors[0];
  }

  /** Whether a source is registered. */
  _has(source: unknown): boolean {
    return this.#entries.has(source);
  }

  /** Whether any source may be ready, so that `select` is worthwhile. */
  _hasCandidates(): boolean {
    return this.#candidates.size > 0;
  }

  /** Returns the Pollable for `source`. @throws TypeError if there is none */
  _adapt(source: unknown): Pollable {
    if (isPollable(source)) return source;
    throw new TypeError(
      `Expected \`source\` to be a Pollable, got ${describe(source)}. ` +
        "Custom sources implement `poll` and `watch`",
    );
  }

  #watch(key: SelectorKey, pollable: Pollable): void {
    const entry: Entry = { key, pollable, unwatch: noop };
    const unwatch: unknown = pollable.watch(key.events, () => this.#notify(entry));
    if (typeof unwatch !== "function") {
      throw new TypeError(
        `Expected \`watch\` of the source to return a function, got ${describe(unwatch)}`,
      );
    }
    entry.unwatch = unwatch as () => void;
    this.#entries.set(key.source, entry);
    this.#notify(entry);
  }

  #poll({ pollable, key }: Entry): number {
    try {
      return pollable.poll(key.events) & key.events;
    } catch (error) {
      if (this._onError === undefined) throw error;
      this._onError(key.source, error);
      return 0;
    }
  }

  #notify(entry: Entry): void {
    if (this.#entries.get(entry.key.source) !== entry || this.#candidates.has(entry)) return;
    this.#candidates.add(entry);
    this._onNotify?.();
  }

  #remove(entry: Entry): void {
    this.#entries.delete(entry.key.source);
    this.#candidates.delete(entry);
    this.#unwatch(entry);
  }

  #unwatch(entry: Entry): void {
    try {
      entry.unwatch();
    } catch (error) {
      if (this._onError === undefined) throw error;
      this._onError(entry.key.source, error);
    }
  }

  #entry(source: unknown): Entry {
    const entry = this.#entries.get(source);
    if (entry !== undefined) return entry;
    throw new LookupError(`${describe(source)} is not registered`);
  }

  #checkOpen(): void {
    if (this.#closed) throw new RuntimeError("The selector is closed");
  }
}

function noop(): void {
  // replaced once the source is watched
}

function checkEvents(events: unknown): void {
  if (events === EVENT_READ || events === EVENT_WRITE || events === (EVENT_READ | EVENT_WRITE)) {
    return;
  }
  throw outOfRange("events", "EVENT_READ, EVENT_WRITE or their sum", events);
}
