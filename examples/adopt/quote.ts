// The one function that was converted. It was an async function of ninety lines, most of which aborted lookups.

import { type Coroutine, fromPromise, gather, mapConcurrent, timeout, toAsync } from "mysyncio";
import { findPrice, findStock } from "./warehouse.ts";

/** How long a customer waits for a quote, in milliseconds. */
const PATIENCE = 200;

/** What an item costs, if it is there. Calls what is async: an abort follows a cancel. */
function* quoteItem(item: string): Coroutine<number> {
  const [price, stock] = yield* gather([
    fromPromise((signal) => findPrice(item, signal)),
    fromPromise((signal) => findStock(item, signal)),
  ]);
  return stock > 0 ? price : 0;
}

/** For those who await it: an async function, as before, with a signal as its last argument. */
export const quote = toAsync(function* quote(items: readonly string[]): Coroutine<number> {
  const prices = yield* timeout(PATIENCE, () =>
    mapConcurrent(items, quoteItem, { concurrency: 2 }),
  );
  return prices.reduce((sum, price) => sum + price, 0);
});
