// Which of many sources are ready.
//
// Only those are asked that may be: a source is looked at again when it has pushed
// something, and as long as it was ready when it was last asked. So a thousand idle
// sources cost nothing, and what is still readable is reported again (level-triggered).
//
//   host pushes ─> notify ─> #toAsk ─> select() ─> ready ──> stays in #toAsk
//                                             └──> not ready: out, until it pushes again

import { checkTime, describe, wrongType } from "../loop/arguments.ts";
import { LookupError, RuntimeError } from "../loop/errors.ts";
import { EVENT_READ, EVENT_WRITE, isPollable, type Pollable } from "./pollable.ts";

/** A source that is registered. Like `selectors.SelectorKey`; there are no descriptors here. */
export interface SelectorKey<S = unknown> {
  readonly source: S;
  /** What is watched for: a sum of `EVENT_READ` and `EVENT_WRITE`. */
  readonly events: number;
  readonly data: unknown;
}

interface Entry {
  key: SelectorKey;
  readonly pollable: Pollable;
  unwatch(): void;
}

/**
 * Watches sources, and tells which are ready. Like Python's `selectors`. Level-triggered: what is not taken is reported
 * again.
 */
export class Selector {
  readonly #entries = new Map<unknown, Entry>();
  #toAsk = new Set<Entry>();
  #closed = false;
  /** Called when a source may be ready that was not. @internal */
  _onNotify: (() => void) | undefined;
  /** Called with what a source throws that it must not, in place of whoever selects or unregisters. @internal */
  _onError: ((source: unknown, error: unknown) => void) | undefined;

  /**
   * Watches `source` for `events`. `data` comes back with each report.
   *
   * @throws RangeError if `events` is not `EVENT_READ`, `EVENT_WRITE` or their sum. @throws LookupError if the source is
   * registered already. @throws TypeError if it is nothing that can be watched. @throws RuntimeError if the selector is closed.
   */
  register<S>(source: S, events: number, data?: unknown): SelectorKey<S> {
    this.#checkOpen();
    checkEvents(events);
    if (this.#entries.has(source)) {
      throw new LookupError(`${describe(source)} is registered already. Use \`modify\``);
    }
    const key = { source, events, data };
    this.#watch(key, this._adapt(source));
    return key;
  }

  /**
   * Changes what `source` is watched for, or its data.
   *
   * @throws RangeError if `events` is wrong. @throws LookupError if the source is not registered.
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
    this.#forget(entry);
    this.#watch(key, entry.pollable);
    return key;
  }

  /** Watches `source` no longer. @throws LookupError if it is not registered. @throws RuntimeError if the selector is closed. */
  unregister<S>(source: S): SelectorKey<S> {
    this.#checkOpen();
    const entry = this.#entry(source);
    this.#forget(entry);
    return entry.key as SelectorKey<S>;
  }

  /**
   * Tells which sources are ready now, and for what, in the order in which they became it.
   *
   * It never waits, whatever `timeout` says: nothing is pushed while JavaScript blocks its thread. (Unlike Python's.)
   * Who wants to wait has the loop watch, with `addReader` and `addWriter`.
   *
   * @throws TypeError, RangeError if `timeout` is not a time.
   * @throws RuntimeError if the selector is closed, or if nothing is ready and `timeout` asks to wait.
   */
  select(timeout: number | null = 0): [key: SelectorKey, events: number][] {
    this.#checkOpen();
    if (timeout !== null) checkTime("timeout", timeout);
    const ready: [SelectorKey, number][] = [];
    const asked = this.#toAsk;
    this.#toAsk = new Set();
    try {
      for (const entry of asked) {
        asked.delete(entry);
        const events = this.#ask(entry);
        // A source that is asked may unregister, or close us.
        if (events === 0 || this.#entries.get(entry.key.source) !== entry) continue;
        this.#toAsk.add(entry);
        ready.push([entry.key, events]);
      }
    } finally {
      // One threw: the others are to be asked the next time.
      if (!this.#closed) for (const entry of asked) this.#toAsk.add(entry);
    }
    if (ready.length === 0 && (timeout === null || timeout > 0)) {
      throw new RuntimeError(
        "A selector cannot wait: nothing is pushed while the thread is blocked. Use `addReader` or `addWriter` of a loop",
      );
    }
    return ready;
  }

  /** The key of a source. @throws LookupError if it is not registered. @throws RuntimeError if the selector is closed. */
  getKey<S>(source: S): SelectorKey<S> {
    this.#checkOpen();
    return this.#entry(source).key as SelectorKey<S>;
  }

  /** The keys of all sources that are registered. @throws RuntimeError if the selector is closed. */
  getMap(): ReadonlyMap<unknown, SelectorKey> {
    this.#checkOpen();
    return new Map(Array.from(this.#entries, ([source, { key }]) => [source, key]));
  }

  /** Watches nothing any more. Closing twice does nothing; the sources stay as they are. */
  close(): void {
    const entries = [...this.#entries.values()];
    this.#entries.clear();
    this.#toAsk.clear();
    this.#closed = true;
    const errors: unknown[] = [];
    for (const entry of entries) {
      try {
        this.#unwatch(entry);
      } catch (error) {
        errors.push(error); // the others are to be let go all the same
      }
    }
    if (errors.length > 0) throw errors[0];
  }

  /** Whether a source is registered. @internal */
  _has(source: unknown): boolean {
    return this.#entries.has(source);
  }

  /** Whether any source may be ready. @internal */
  _hasToAsk(): boolean {
    return this.#toAsk.size > 0;
  }

  /** What tells the readiness of `source`. @throws TypeError if nothing does @internal */
  _adapt(source: unknown): Pollable {
    if (isPollable(source)) return source;
    throw new TypeError(
      `Expected \`source\` to be something that can be watched, got ${describe(source)}. ` +
        "Sources of your own implement `Pollable`",
    );
  }

  #watch(key: SelectorKey, pollable: Pollable): void {
    const entry: Entry = { key, pollable, unwatch: noop };
    const unwatch: unknown = pollable.watch(key.events, () => this.#notify(entry));
    if (typeof unwatch !== "function") {
      throw wrongType("what `watch` of the source returns", "a function that ends it", unwatch);
    }
    entry.unwatch = unwatch as () => void;
    this.#entries.set(key.source, entry);
    this.#notify(entry);
  }

  #ask({ pollable, key }: Entry): number {
    try {
      return pollable.poll(key.events) & key.events;
    } catch (error) {
      if (this._onError === undefined) throw error;
      this._onError(key.source, error);
      return 0;
    }
  }

  #notify(entry: Entry): void {
    if (this.#entries.get(entry.key.source) !== entry || this.#toAsk.has(entry)) return;
    this.#toAsk.add(entry);
    this._onNotify?.();
  }

  #forget(entry: Entry): void {
    this.#entries.delete(entry.key.source);
    this.#toAsk.delete(entry);
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
  // nothing is watched yet
}

function checkEvents(events: unknown): void {
  if (events === EVENT_READ || events === EVENT_WRITE || events === (EVENT_READ | EVENT_WRITE)) {
    return;
  }
  throw new RangeError(
    `Expected \`events\` to be EVENT_READ, EVENT_WRITE or their sum, got ${describe(events)}`,
  );
}
