// The existing code base: async functions that take a signal. Nothing here uses mysyncio.

import { setTimeout as pause } from "node:timers/promises";

/** The lookups that were aborted. */
export const aborted: string[] = [];

const PRICES: Readonly<Record<string, number>> = { apple: 3, pear: 4, quince: 12 };
const SLOW = "quince";

/** Asks the warehouse, which takes a while to reply. */
async function ask<T>(question: string, item: string, answer: T, signal?: AbortSignal): Promise<T> {
  const note = () => aborted.push(`${question} of ${item}`);
  signal?.addEventListener("abort", note);
  try {
    return await pause(item === SLOW ? 60_000 : 10, answer, { signal });
  } finally {
    signal?.removeEventListener("abort", note);
  }
}

export async function findPrice(item: string, signal?: AbortSignal): Promise<number> {
  return await ask("price", item, PRICES[item] ?? 0, signal);
}

export async function findStock(item: string, signal?: AbortSignal): Promise<number> {
  return await ask("stock", item, item.length, signal);
}
