// Adopting mysyncio one function at a time: an async code base in which `quote` has become a
// coroutine function.
//
// Async functions call it, and it calls async functions. A signal cancels it, and its cancellation
// aborts their signals:
//
//   AbortController ──> quote (a task) ──> gather ──> fromPromise ──> findPrice(item, signal)

import { CancelledError, TimeoutError } from "mysyncio";
import { quote } from "./adopt/quote.ts";
import { aborted } from "./adopt/warehouse.ts";

/** Serves a customer, as before. */
async function serve(name: string, items: readonly string[], signal?: AbortSignal): Promise<void> {
  try {
    console.log(`${name}: ${await quote(items, signal)}`);
  } catch (error) {
    if (error instanceof TimeoutError) console.log(`${name}: gave up waiting`);
    else if (error instanceof CancelledError) console.log(`${name} has left: ${error.cause}`);
    else throw error;
  }
  if (aborted.length > 0) console.log(`  aborted: ${aborted.splice(0).join(", ")}`);
}

// Two concurrent calls share a loop, which starts automatically.
await Promise.all([serve("Ada", ["apple", "pear"]), serve("Bob", ["apple", "apple", "apple"])]);

await serve("Cyd", ["pear", "quince"]);

const visit = new AbortController();
setTimeout(() => visit.abort("the shop is closing"), 50);
await serve("Dan", ["quince"], visit.signal);
