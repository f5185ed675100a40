// The checks of every row of the matrix, on any platform.

import {
  CancelledError,
  ContextVar,
  createTask,
  fromPromise,
  run,
  sleep,
  TimeoutError,
  timeout,
  toAsync,
} from "mysyncio";

/** A program of the README, as a function that prints to the `console` it receives. */
export interface Program {
  readonly main: (console: Pick<Console, "log">) => Promise<void>;
  readonly output: string;
}

/** How a row calls functions in other threads, if its platform has threads. */
export interface ThreadChecks {
  /** Returns 500,500: the sum from 1 to 1,000, computed in another thread. */
  call(): Promise<number>;
  /** Returns "cancelled" once a call in another thread was cancelled. */
  cancel(): Promise<string>;
}

/** "ok" or the failure, by the name of the check. */
export type Results = Record<string, string>;

/** Milliseconds until an unfinished check counts as failed. */
const PATIENCE = 10_000;

export async function check(
  programs: readonly Program[],
  threads?: ThreadChecks,
): Promise<Results> {
  const results: Results = {
    programs: await attempt(() => runPrograms(programs)),
    cancellation: await attempt(cancel),
    concurrent: await attempt(callAtOnce),
  };
  if (threads !== undefined) {
    results["thread"] = await attempt(async () => expectEqual(await threads.call(), 500_500));
    results["threadCancellation"] = await attempt(async () =>
      expectEqual(await threads.cancel(), "cancelled"),
    );
  }
  return results;
}

async function runPrograms(programs: readonly Program[]): Promise<void> {
  for (const { main, output } of programs) {
    let printed = "";
    await main({
      log(text: unknown) {
        printed += `${text}\n`;
      },
    });
    expectEqual(printed, output);
  }
}

/** Cancels a task while it sleeps, and a promise through its signal. */
async function cancel(): Promise<void> {
  const trace: string[] = [];
  await run(function* () {
    const task = createTask(function* () {
      try {
        yield* sleep(60_000);
      } finally {
        yield* sleep(1);
        trace.push("cleaned up");
      }
    });
    yield* sleep(1);
    task.cancel();
    try {
      yield* task;
    } catch (error) {
      if (!(error instanceof CancelledError)) throw error;
      trace.push("cancelled");
    }
    try {
      yield* timeout(20, () =>
        fromPromise(
          (signal) =>
            new Promise((_, reject) => {
              signal.addEventListener("abort", () => {
                trace.push("aborted");
                reject(signal.reason);
              });
            }),
        ),
      );
    } catch (error) {
      if (!(error instanceof TimeoutError)) throw error;
      trace.push("timed out");
    }
  });
  expectEqual(trace.join(), "cleaned up,cancelled,aborted,timed out");
}

/** The part of Node's AsyncLocalStorage that this file uses. */
interface Storage {
  run<T>(store: number, callback: () => T): T;
  getStore(): number | undefined;
}

const request = new ContextVar<number>("request");
const storage = newStorage();

/** Undefined where the platform has no AsyncLocalStorage. */
function newStorage(): Storage | undefined {
  const { process } = globalThis as {
    process?: { getBuiltinModule?(name: string): { AsyncLocalStorage: new () => Storage } };
  };
  try {
    const hooks = process?.getBuiltinModule?.("node:async_hooks");
    return hooks && new hooks.AsyncLocalStorage();
  } catch {
    // Edge runtimes have a `process` whose functions throw.
    return undefined;
  }
}

const look = toAsync(function* (n: number) {
  yield* sleep(n);
  return [n * 2, request.get(), storage?.getStore() ?? n];
});

/**
 * Calls one `toAsync` function from several async functions at once. Each sees its own variable and
 * its own store.
 */
async function callAtOnce(): Promise<void> {
  const call = async (n: number) => {
    request.set(n);
    return await look(n);
  };
  const calls = [3, 2, 1].map((n) => (storage ? storage.run(n, () => call(n)) : call(n)));
  expectEqual((await Promise.all(calls)).join(), "6,3,3,4,2,2,2,1,1");
}

function expectEqual(actual: unknown, expected: unknown): void {
  if (actual !== expected) {
    throw new Error(`Expected ${JSON.stringify(expected)}, got ${JSON.stringify(actual)}`);
  }
}

async function attempt(action: () => Promise<void>): Promise<string> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`Not done after ${PATIENCE} ms`)), PATIENCE);
  });
  try {
    await Promise.race([action(), late]);
    return "ok";
  } catch (error) {
    return describe(error);
  } finally {
    clearTimeout(timer);
  }
}

/** Includes the causes, because the platform's own error is there. */
function describe(error: unknown): string {
  if (typeof error !== "object" || error === null) return String(error);
  const { name, message, cause } = error as Partial<Error>;
  return `${name}: ${message}${cause === undefined ? "" : ` (because of ${describe(cause)})`}`;
}
