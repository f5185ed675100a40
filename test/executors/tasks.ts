// The functions that the tests' threads call.

import { threadSignal } from "../../src/executors/work.ts";
import { CancelledError, type Coroutine, sleep } from "../../src/index.ts";
import { installPlatform } from "../../src/loop/platform.ts";
import { remoteServerOf } from "../../src/remote/remoteServer.ts";
import { transfer } from "../../src/remote/transfer.ts";

installPlatform({ remotePort: remoteServerOf });

export default function nothing(): string {
  return "by default";
}

let calls = 0;

/** The number of calls that this thread has counted. */
export function count(): number {
  return ++calls;
}

export function add(a: number, b: number): number {
  return a + b;
}

export function echo(value: unknown): unknown {
  return value;
}

/** Tells the test that a function has begun. It may block its thread right afterwards. */
function begin(name: string): void {
  const channel = new BroadcastChannel("mysyncio test: begun");
  channel.postMessage(name);
  channel.close();
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

/** Computes until it is cancelled, and then increments the count. */
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

/** Waits until it is cancelled, and then for the same time again. */
export async function waitUntilCancelled(cleanUp: number): Promise<never> {
  begin("waitUntilCancelled");
  const signal = threadSignal();
  await new Promise((resolve) => signal.addEventListener("abort", resolve));
  await new Promise((resolve) => setTimeout(resolve, cleanUp));
  calls = 1_000;
  throw signal.reason;
}

export function* sleepUntilCancelled(cleanUp: number): Coroutine<void> {
  begin("sleepUntilCancelled");
  try {
    yield* sleep(1e9);
  } finally {
    yield* sleep(cleanUp);
    calls = 1_000;
  }
}

export function computeForEver(): void {
  begin("computeForEver");
  for (;;);
}

/** Ends after it was cancelled, with a result. */
export async function finishDespiteCancellation(value: unknown): Promise<unknown> {
  begin("finishDespiteCancellation");
  const signal = threadSignal();
  await new Promise((resolve) => signal.addEventListener("abort", resolve));
  return value;
}

export function waitForEver(): Promise<void> {
  begin("waitForEver");
  return new Promise((resolve) => setTimeout(resolve, 1e9));
}

export function neverAborted(): boolean {
  return threadSignal().aborted;
}

/** Returns, and acts when the test has received the result. */
function returnAndThen(act: () => void): string {
  const channel = new BroadcastChannel("mysyncio test: go on");
  channel.onmessage = () => {
    channel.close();
    setTimeout(act);
  };
  return "returned";
}

export function failAfterwards(): string {
  return returnAndThen(() => {
    throw new RangeError("afterwards");
  });
}

export function throwCancelled(): never {
  throw new CancelledError("of its own");
}

/** Fails outside the awaited code. */
export function failLater(): Promise<void> {
  setTimeout(() => {
    throw new Error("out of nowhere");
  }, 1);
  return waitForEver();
}

/** Rejects a promise that is never awaited. */
export function rejectAfterwards(): string {
  return returnAndThen(() => {
    void Promise.reject(Object.assign(new RangeError("rejected afterwards"), { code: "E_LATE" }));
  });
}

export function endAfterwards(): string {
  return returnAndThen(endThread);
}

function endThread(): void {
  const { process, close } = globalThis as unknown as {
    process?: { exit(code: number): void };
    close?(): void;
  };
  if (process === undefined) close?.();
  else process.exit(0);
}

/** Ends its thread during the call. */
export function endNow(): Promise<void> {
  setTimeout(endThread, 10);
  return waitForEver();
}
