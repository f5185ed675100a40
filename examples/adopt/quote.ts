// The converted function. Most of its async version was code that aborted lookups.

import { type Coroutine, fromPromise, gather, mapConcurrent, timeout, toAsync } from "mysyncio";
import { findPrice, findStock } from "./warehouse.ts";

/** How long a customer waits for a quote, in milliseconds. */
const PATIENCE = 2_000;

/**
 * The price of an item, or 0 if it is out of stock. Calls async functions. A cancellation aborts
 * their signals.
 */
function* quoteItem(item: string): Coroutine<number> {
  const [price, stock] = yield* gather([
    fromPromise((signal) => findPrice(item, signal)),
    fromPromise((signal) => findStock(item, signal)),
  ]);
  return stock > 0 ? price : 0;
}

/** An async function for its callers, as before, with a signal as its last argument. */
export const quote = toAsync(function* quote(items: readonly string[]): Coroutine<number> {
  const prices = yield* timeout(PATIENCE, () =>
    mapConcurrent(items, quoteItem, { concurrency: 2 }),
  );
  return prices.reduce((sum, price) => sum + price, 0);
});
