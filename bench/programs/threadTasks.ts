// The functions that an executor's threads call.

import { defineTask } from "mysyncio/node";

export const add = defineTask(import.meta.url, "add", (a: number, b: number) => a + b);

/** The same for Piscina, whose functions have one parameter. */
export default function addPair([a, b]: readonly [number, number]): number {
  return a + b;
}
