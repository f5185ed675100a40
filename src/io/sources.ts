// The sources that a loop watches, and their callbacks.
//
// Once per turn, the loop polls its selector and appends the callbacks of ready sources to the
// ready queue. Each watched source counts as an external wait.

import { describe } from "../lang/arguments.ts";
import { LookupError } from "../lang/errors.ts";
import type { Callback, Handle } from "../loop/handle.ts";
import type { Sources } from "../loop/platform.ts";
import { bindCurrentContext } from "../loop/runnableContext.ts";
import type { Scheduler } from "../loop/scheduler.ts";
import { EVENT_READ, EVENT_WRITE } from "./pollable.ts";
import type { Selector, SelectorKey } from "./selector.ts";

/** The callback for one event of a source. */
interface SourceCallback {
  readonly callback: Callback<unknown[]>;
  readonly args: readonly unknown[];
  /** The scheduled call, if any. */
  handle: Handle | undefined;
}

/**
 * The callbacks of a source, by event. This is a class so that `callbacksOf` can tell the keys with
 * such callbacks from those that users registered with the selector themselves.
 */
class SourceCallbacks extends Map<number, SourceCallback> {}

const EVENTS = [EVENT_READ, EVENT_WRITE];

export class WatchedSources implements Sources {
  readonly selector: Selector;
  readonly _loop: Scheduler;

  constructor(loop: Scheduler, selector: Selector) {
    this._loop = loop;
    this.selector = selector;
    selector._onNotify = () => loop._wake();
    selector._onError = (source, exception) => {
      const message = `A watched source threw an exception: ${describe(source)}`;
      loop.callExceptionHandler({ message, exception });
    };
  }

  add(source: unknown, event: number, callback: Callback<never>, args: readonly unknown[]): void {
    const watcher: SourceCallback = {
      callback: bindCurrentContext(this._loop, callback as Callback<unknown[]>),
      args,
      handle: undefined,
    };
    const known = this.#key(source);
    if (known === undefined) {
      this.selector.register(source, event, new SourceCallbacks([[event, watcher]]));
      this._loop._external++;
      return;
    }
    const callbacks = callbacksOf(known);
    if (callbacks === undefined) {
      throw new LookupError(
        `${describe(source)} was registered with \`loop.selector\` directly, not by \`addReader\` or \`addWriter\``,
      );
    }
    callbacks.get(event)?.handle?.cancel();
    callbacks.set(event, watcher);
    this.selector.modify(source, known.events | event, callbacks);
  }

  remove(source: unknown, event: number): boolean {
    const known = this.#key(source);
    const callbacks = known && callbacksOf(known);
    const watcher = callbacks?.get(event);
    if (callbacks === undefined || watcher === undefined) return false;
    // The callback may already be in the ready queue.
    watcher.handle?.cancel();
    callbacks.delete(event);
    if (callbacks.size > 0) {
      this.selector.modify(source, (known as SelectorKey).events & ~event, callbacks);
    } else {
      this.selector.unregister(source);
      this._loop._external--;
    }
    return true;
  }

  poll(): void {
    if (!this.selector._hasCandidates()) return;
    for (const [key, ready] of this.selector.select()) {
      const callbacks = callbacksOf(key);
      for (const event of EVENTS) {
        const watcher = (ready & event) === 0 ? undefined : callbacks?.get(event);
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

function callbacksOf({ data }: SelectorKey): SourceCallbacks | undefined {
  return data instanceof SourceCallbacks ? data : undefined;
}
