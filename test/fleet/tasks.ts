// The tasks of the tests' workers.

import { appendFileSync, existsSync, readFileSync } from "node:fs";
import { defineTask, reportProgress, threadSignal } from "../../src/fleet.ts";
import { CancelledError, ContextVar, type Coroutine, sleep } from "../../src/index.ts";

const { url } = import.meta;

export const tenant = new ContextVar<string>("tenant");

export const add = defineTask(url, "add", (a: number, b: number) => a + b);
export const echo = defineTask(url, "echo", (value: unknown) => value);
export const double = defineTask(url, "double", function* (n: number): Coroutine<number> {
  yield* sleep(1);
  return 2 * n;
});
export const later = defineTask(url, "later", async (delay: number, value: unknown) => {
  await new Promise((resolve) => setTimeout(resolve, delay));
  return value;
});
export const sleepFor = defineTask(
  url,
  "sleepFor",
  function* (delay: number, value: unknown): Coroutine<unknown> {
    yield* sleep(delay);
    return value;
  },
);

export class BadPhotoError extends Error {
  override name = "BadPhotoError";
  readonly code = "E_PHOTO";
}
export const fail = defineTask(url, "fail", (message: string) => {
  throw new BadPhotoError(message, { cause: new RangeError("the cause") });
});
export const failAsGroup = defineTask(url, "failAsGroup", () => {
  throw new AggregateError([new TypeError("one"), new RangeError("two")], "both");
});
export const unsendable = defineTask(url, "unsendable", (): unknown => () => undefined);
export const tenantOf = defineTask(url, "tenantOf", function* (): Coroutine<unknown> {
  yield;
  return tenant.get("none");
});
export const tenantOfAsync = defineTask(url, "tenantOfAsync", async () => {
  await new Promise((resolve) => setTimeout(resolve, 1));
  return tenant.get("none");
});
export const progressing = defineTask(
  url,
  "progressing",
  function* (steps: number, delay: number): Coroutine<number> {
    for (let step = 1; step <= steps; step++) {
      reportProgress({ step });
      yield* sleep(delay);
    }
    return steps;
  },
);
export const untilAborted = defineTask(url, "untilAborted", async () => {
  const signal = threadSignal();
  await new Promise((resolve) => signal.addEventListener("abort", resolve));
  throw signal.reason;
});
export const swallow = defineTask(url, "swallow", function* (): Coroutine<string> {
  try {
    yield* sleep(60_000);
  } catch (error) {
    if (!(error instanceof CancelledError)) throw error;
  }
  return "a result all the same";
});
/** Ignores the first `count` cancellations. */
export const deaf = defineTask(url, "deaf", function* (times: number): Coroutine<void> {
  for (let heard = 0; heard <= times; ) {
    try {
      yield* sleep(60_000);
    } catch {
      heard++;
    }
  }
});

const begins = new Map<string, number>();

/** How many times `sleepOnce` was called with this key. */
export function timesBegun(key: string): number {
  return begins.get(key) ?? 0;
}

/** Sleeps only the first time that this process is called. */
export const sleepOnce = defineTask(
  url,
  "sleepOnce",
  function* (key: string, delay: number): Coroutine<string> {
    const times = (begins.get(key) ?? 0) + 1;
    begins.set(key, times);
    if (times === 1) yield* sleep(delay);
    return `begun ${times} times`;
  },
);

/** Appends a line to a file each time it starts, and when it ends. */
export const trace = defineTask(
  url,
  "trace",
  function* (file: string, key: string, delay: number): Coroutine<string> {
    appendFileSync(file, `begin ${key} ${process.pid}\n`);
    try {
      yield* sleep(delay);
    } catch (error) {
      appendFileSync(file, `cancelled ${key}\n`);
      throw error;
    }
    appendFileSync(file, `end ${key}\n`);
    return key;
  },
);
/** Appends the same lines as `trace`, but is slow only the first time that it starts for a key. */
export const traceOnce = defineTask(
  url,
  "traceOnce",
  function* (file: string, key: string): Coroutine<string> {
    const isFirst = !existsSync(file) || !readFileSync(file, "utf8").includes(`begin ${key} `);
    appendFileSync(file, `begin ${key} ${process.pid}\n`);
    yield* sleep(isFirst ? 600_000 : 1);
    return `${key} begun again`;
  },
);
/** Computes, so that its thread cannot receive anything. */
export const spin = defineTask(url, "spin", (duration: number) => {
  const end = performance.now() + duration;
  let turns = 0;
  while (performance.now() < end) turns++;
  return turns > 0;
});
export const spinUntilAborted = defineTask(url, "spinUntilAborted", () => {
  const signal = threadSignal();
  while (!signal.aborted);
  throw signal.reason;
});
export const spinForEver = defineTask(url, "spinForEver", () => {
  for (;;);
});
export const exit = defineTask(url, "exit", () => process.exit(3));
export const progressInThread = defineTask(url, "progressInThread", async (steps: number) => {
  for (let step = 1; step <= steps; step++) {
    reportProgress({ step });
    await new Promise((resolve) => setTimeout(resolve, 60));
  }
});
/** Throws the first few times it starts. */
export const failFirst = defineTask(url, "failFirst", (file: string, times: number) => {
  appendFileSync(file, "begin\n");
  const begun = readFileSync(file, "utf8").split("\n").length - 1;
  if (begun <= times) throw new RangeError(`attempt ${begun}`);
  return begun;
});
/** Writes to a file that it has started, and returns the square. */
export const countRun = defineTask(
  url,
  "countRun",
  function* (file: string, n: number): Coroutine<number> {
    appendFileSync(file, `${n}\n`);
    yield* sleep(Math.random() * 5);
    return n * n;
  },
);
