// Node's timer modules, which programs may import instead of using the globals.

import { checkOptions } from "../../lang/arguments.ts";
import { clearFunction, immediateFunction, timerFunction } from "./globals.ts";
import { type Restore, replace } from "./replace.ts";
import type { RunStage } from "./runStage.ts";
import { currentStage } from "./stages.ts";
import { delayOf, VirtualImmediate, VirtualTimer } from "./timers.ts";

interface TimerOptions {
  readonly signal?: AbortSignal | undefined;
}

interface TimerPromises {
  setTimeout(delay?: number, value?: unknown, options?: TimerOptions): Promise<unknown>;
  setImmediate(value?: unknown, options?: TimerOptions): Promise<unknown>;
  setInterval(delay?: number, value?: unknown, options?: TimerOptions): AsyncIterable<unknown>;
  readonly scheduler?: Scheduler;
}

interface Scheduler {
  wait(delay: number, options?: TimerOptions): Promise<unknown>;
  yield(): Promise<unknown>;
}

interface Modules {
  "node:timers": typeof globalThis;
  "node:timers/promises": TimerPromises;
  "node:module": { syncBuiltinESMExports(): void };
  "node:util": { readonly promisify: { readonly custom: symbol } };
}

interface NodeProcess {
  getBuiltinModule?<Name extends keyof Modules>(name: Name): Modules[Name];
}

/**
 * Replaces the functions of `node:timers` and `node:timers/promises`. Returns functions that
 * restore the originals.
 */
export function installNodeTimers(): Restore[] {
  const { process } = globalThis as { process?: NodeProcess };
  const builtin = <Name extends keyof Modules>(name: Name) => process?.getBuiltinModule?.(name);
  const [timers, promises] = [builtin("node:timers"), builtin("node:timers/promises")];
  if (timers === undefined || promises === undefined) return [];
  const sync = () => builtin("node:module")?.syncBuiltinESMExports();
  const installed = [
    replace(timers, "setTimeout", (real) => timerFunction(real, false)),
    replace(timers, "setInterval", (real) => timerFunction(real, true)),
    replace(timers, "setImmediate", immediateFunction),
    replace(timers, "clearTimeout", clearFunction),
    replace(timers, "clearInterval", clearFunction),
    replace(timers, "clearImmediate", clearFunction),
    replace(promises, "setTimeout", timeoutPromise),
    replace(promises, "setImmediate", immediatePromise),
    replace(promises, "setInterval", intervalPromises),
    sync,
  ];
  if (promises.scheduler !== undefined) {
    installed.unshift(
      replace(promises.scheduler, "wait", schedulerWait),
      replace(promises.scheduler, "yield", schedulerYield),
    );
  }
  // `util.promisify(setTimeout)` looks up the promise version on the function itself.
  const custom = builtin("node:util")?.promisify.custom;
  if (custom !== undefined) {
    for (const holder of [globalThis, timers]) {
      Object.assign(holder.setTimeout, { [custom]: promises.setTimeout });
      Object.assign(holder.setImmediate, { [custom]: promises.setImmediate });
    }
  }
  sync();
  return installed;
}

function timeoutPromise(real: TimerPromises["setTimeout"]): TimerPromises["setTimeout"] {
  return function setTimeout(delay, value, options) {
    const stage = currentStage();
    if (stage === undefined) return real(delay, value, options);
    return waitFor(stage, delay, value, options);
  };
}

function immediatePromise(real: TimerPromises["setImmediate"]): TimerPromises["setImmediate"] {
  return function setImmediate(value, options) {
    const stage = currentStage();
    if (stage === undefined) return real(value, options);
    return waitFor(stage, undefined, value, options);
  };
}

function schedulerWait(real: Scheduler["wait"]): Scheduler["wait"] {
  return function wait(this: Scheduler, delay, options) {
    const stage = currentStage();
    if (stage === undefined) return Reflect.apply(real, this, [delay, options]);
    return waitFor(stage, delay, undefined, options);
  };
}

function schedulerYield(real: Scheduler["yield"]): Scheduler["yield"] {
  return function yieldNow(this: Scheduler) {
    const stage = currentStage();
    if (stage === undefined) return Reflect.apply(real, this, []);
    return waitFor(stage, undefined, undefined, undefined);
  };
}

function intervalPromises(real: TimerPromises["setInterval"]): TimerPromises["setInterval"] {
  return function setInterval(delay, value, options) {
    const stage = currentStage();
    return stage === undefined ? real(delay, value, options) : ticks(stage, delay, value, options);
  };
}

/**
 * Waits for a timer, or for an immediate if `delay` is undefined. Rejects if the signal is aborted.
 */
function waitFor(
  stage: RunStage,
  delay: number | undefined,
  value: unknown,
  options: TimerOptions = {},
): Promise<unknown> {
  checkOptions(options);
  const { signal } = options;
  stage.touch();
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(aborted(signal));
    const done = () => {
      signal?.removeEventListener("abort", onAbort);
      resolve(value);
    };
    const timer =
      delay === undefined
        ? new VirtualImmediate(stage, done, [])
        : new VirtualTimer(stage, done, delayOf(delay), [], false);
    const onAbort = () => {
      timer.unschedule();
      reject(aborted(signal as AbortSignal));
    };
    signal?.addEventListener("abort", onAbort, { once: true });
  });
}

async function* ticks(
  stage: RunStage,
  delay: number | undefined,
  value: unknown,
  options: TimerOptions | undefined,
): AsyncGenerator<unknown, void, undefined> {
  for (;;) yield await waitFor(stage, delay ?? 1, value, options);
}

/** Returns an error like the one with which Node's functions reject. */
function aborted({ reason }: AbortSignal): Error {
  const error = new Error("The operation was aborted", { cause: reason });
  return Object.assign(error, { name: "AbortError", code: "ABORT_ERR" });
}
