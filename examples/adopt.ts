// Adopting mysyncio one function at a time: an async code base in which `quote` is a coroutine function now.
//
// Async functions call it, and it calls async functions. A signal cancels it, and its cancel aborts theirs:
//
//   AbortController ──> quote (a task) ──> gather ──> fromPromise ──> findPrice(item, signal)

import { CancelledError, TimeoutError } from "mysyncio";
import { quote } from "./adopt/quote.ts";
import { aborted } from "./adopt/warehouse.ts";

/** Serves a customer, as it did before. */
async function serve(name: string, items: readonly string[], signal?: AbortSignal): Promise<void> {
  try {
    console.log(`${name}: ${await quote(items, signal)}`);
  } catch (error) {
    if (error instanceof TimeoutError) console.log(`${name}: that takes too long`);
    else if (error instanceof CancelledError) console.log(`${name} has left: ${error.cause}`);
    else throw error;
  }
  if (aborted.length > 0) console.log(`  aborted: ${aborted.splice(0).join(", ")}`);
}

// Two at once, which share a loop that nobody has to run.
await Promise.all([serve("Ada", ["apple", "pear"]), serve("Bob", ["apple", "apple", "apple"])]);

await serve("Cyd", ["pear", "quince"]);

const visit = new AbortController();
setTimeout(() => visit.abort("the shop is closing"), 50);
await serve("Dan", ["quince"], visit.signal);
