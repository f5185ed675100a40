// What the threads of the tests are told to call.

import { threadSignal } from "../../src/executors/work.ts";
import { CancelledError } from "../../src/loop/errors.ts";
import { provideExposing } from "../../src/loop/exposing.ts";
import { exposureOf } from "../../src/remote/exposure.ts";
import { transfer } from "../../src/remote/transfer.ts";
import type { Coroutine } from "../../src/tasks/coroutine.ts";
import { sleep } from "../../src/tasks/sleep.ts";

provideExposing(exposureOf);

export default function nothing(): string {
  return "by default";
}

let calls = 0;

/** How many calls this thread has counted. */
export function count(): number {
  return ++calls;
}

export function add(a: number, b: number): number {
  return a + b;
}

export function echo(value: unknown): unknown {
  return value;
}

export async function later(delay: number, value: unknown): Promise<unknown> {
  await new Promise((resolve) => setTimeout(resolve, delay));
  return value;
}

export function* coroutineLater(delay: number, value: unknown): Coroutine<unknown> {
  return yield* sleep(delay, value);
}

export function fail(): never {
  throw new RangeError("failure", { cause: new TypeError("the cause") });
}

export function throwValue(): never {
  throw { thrown: true };
}

export async function reject(): Promise<never> {
  throw new RangeError("rejected");
}

export function uncloneable(): unknown {
  return () => 1;
}

export async function uncloneableLater(): Promise<unknown> {
  return { deep: [() => 1] };
}

export function give(size: number): Uint8Array {
  const bytes = new Uint8Array(size).fill(1);
  return transfer(bytes, [bytes.buffer as ArrayBuffer]);
}

export function sum(bytes: Uint8Array): number {
  return bytes.reduce((sum, byte) => sum + byte, 0);
}

export function compute(milliseconds: number): void {
  const end = performance.now() + milliseconds;
  while (performance.now() < end);
}

/** Computes until it is cancelled, and leaves a word where `add` would count. */
export function computeUntilCancelled(): never {
  const signal = threadSignal();
  while (!signal.aborted);
  signal.throwIfAborted();
  throw new Error("It was not cancelled");
}

export function swallow(): string {
  const signal = threadSignal();
  while (!signal.aborted);
  return "a result all the same";
}

/** Waits until it is cancelled, and then for as long again. */
export async function waitUntilCancelled(cleanUp: number): Promise<never> {
  const signal = threadSignal();
  await new Promise((resolve) => signal.addEventListener("abort", resolve));
  await new Promise((resolve) => setTimeout(resolve, cleanUp));
  calls = 1_000;
  throw signal.reason;
}

export function* sleepUntilCancelled(cleanUp: number): Coroutine<void> {
  try {
    yield* sleep(1e9);
  } finally {
    yield* sleep(cleanUp);
    calls = 1_000;
  }
}

export function computeForEver(): void {
  for (;;);
}

export function waitForEver(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 1e9));
}

export function neverAborted(): boolean {
  return threadSignal().aborted;
}

/** Fails after it has returned. */
export function failAfterwards(): string {
  setTimeout(() => {
    throw new RangeError("afterwards");
  }, 10);
  return "returned";
}

export function throwCancelled(): never {
  throw new CancelledError("of its own");
}

/** Fails outside of what is awaited. */
export function failLater(): Promise<void> {
  setTimeout(() => {
    throw new Error("out of nowhere");
  }, 1);
  return waitForEver();
}
