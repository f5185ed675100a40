// The sources that a loop watches, and whom it calls when they are ready.
//
// Once per turn the selector is asked, and the callbacks of what is ready are appended to
// the ready queue. As long as somebody watches, the loop has something outside to wait for.

import { describe } from "../loop/arguments.ts";
import { bound, inheritedContext } from "../loop/context.ts";
import { LookupError } from "../loop/errors.ts";
import type { Callback, Handle } from "../loop/handle.ts";
import type { Sources } from "../loop/readiness.ts";
import type { Scheduler } from "../loop/scheduler.ts";
import { EVENT_READ, EVENT_WRITE } from "./pollable.ts";
import type { Selector, SelectorKey } from "./selector.ts";

/** Whom to call for one event of a source. */
interface Watcher {
  readonly callback: Callback<unknown[]>;
  readonly args: readonly unknown[];
  /** The call that waits for its turn. */
  handle: Handle | undefined;
}

/** The watchers of a source, by event. A class, because others may register at the same selector. */
class Watchers extends Map<number, Watcher> {}

const EVENTS = [EVENT_READ, EVENT_WRITE];

export class WatchedSources implements Sources {
  readonly selector: Selector;
  /** @internal */
  readonly _loop: Scheduler;

  constructor(loop: Scheduler, selector: Selector) {
    this._loop = loop;
    this.selector = selector;
    selector._onNotify = () => loop._wake();
    selector._onError = (source, exception) => {
      const message = `An exception in a source that is watched: ${describe(source)}`;
      loop.callExceptionHandler({ message, exception });
    };
  }

  add(source: unknown, event: number, callback: Callback<never>, args: readonly unknown[]): void {
    const watcher: Watcher = {
      callback: bound(this._loop, callback as Callback<unknown[]>, inheritedContext()),
      args,
      handle: undefined,
    };
    const known = this.#key(source);
    if (known === undefined) {
      this.selector.register(source, event, new Watchers([[event, watcher]]));
      this._loop._external++;
      return;
    }
    const watchers = watchersOf(known);
    if (watchers === undefined) {
      throw new LookupError(
        `${describe(source)} was registered at \`loop.selector\` by somebody else`,
      );
    }
    watchers.get(event)?.handle?.cancel();
    watchers.set(event, watcher);
    this.selector.modify(source, known.events | event, watchers);
  }

  remove(source: unknown, event: number): boolean {
    const known = this.#key(source);
    const watchers = known && watchersOf(known);
    const watcher = watchers?.get(event);
    if (watchers === undefined || watcher === undefined) return false;
    // It may be ready in this very turn.
    watcher.handle?.cancel();
    watchers.delete(event);
    if (watchers.size > 0) {
      this.selector.modify(source, (known as SelectorKey).events & ~event, watchers);
    } else {
      this.selector.unregister(source);
      this._loop._external--;
    }
    return true;
  }

  poll(): void {
    if (!this.selector._hasToAsk()) return;
    for (const [key, ready] of this.selector.select()) {
      const watchers = watchersOf(key);
      for (const event of EVENTS) {
        const watcher = (ready & event) === 0 ? undefined : watchers?.get(event);
        if (watcher === undefined) continue;
        watcher.handle = this._loop._callSoon(watcher.callback as Callback<never>, watcher.args);
      }
    }
  }

  close(): void {
    this.selector.close();
  }

  #key(source: unknown): SelectorKey | undefined {
    return this.selector._has(source) ? this.selector.getKey(source) : undefined;
  }
}

function watchersOf({ data }: SelectorKey): Watchers | undefined {
  return data instanceof Watchers ? data : undefined;
}
