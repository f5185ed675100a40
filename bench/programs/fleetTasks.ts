// The tasks of the fleet's benchmark.

import { type Coroutine, sleep } from "mysyncio";
import { defineTask } from "mysyncio/fleet";

const { url } = import.meta;

export async function same(value: number): Promise<number> {
  return value;
}

export async function wait(delay: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, delay));
}

export function* rest(delay: number): Coroutine<void> {
  yield* sleep(delay);
}

/** Uses the processor for `milliseconds` of processor time, however busy the machine is. */
export function burn(milliseconds: number): void {
  const start = process.cpuUsage().user;
  while (process.cpuUsage().user - start < milliseconds * 1_000);
}

export const sameTask = defineTask(url, "sameTask", same);
export const waitTask = defineTask(url, "waitTask", wait);
export const burnTask = defineTask(url, "burnTask", burn);
export const restTask = defineTask(url, "restTask", rest);
