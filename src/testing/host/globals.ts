// Replaces the host's timers, dates and deadlines while any exploration is active. If the caller,
// or the timer to clear, belongs to a run, the replacements use virtual time. Otherwise they call
// the original.

import { type Restore, replace } from "./replace.ts";
import { currentStage } from "./stages.ts";
import {
  clearVirtual,
  delayOf,
  handOut,
  type TimerCallback,
  VirtualImmediate,
  VirtualTimer,
} from "./timers.ts";

type AnyFunction = (...args: never[]) => unknown;

/**
 * Casts a replacement to the type of the original, because TypeScript can't check such generic
 * types.
 */
function replacing<F extends AnyFunction>(replacement: unknown): F {
  return replacement as F;
}

/** Replaces the globals. Returns functions that restore the originals. */
export function installGlobals(): Restore[] {
  const installed: Restore[] = [];
  for (const [name, repeats] of [
    ["setTimeout", false],
    ["setInterval", true],
  ] as const) {
    installed.push(replace(globalThis, name, (real) => timerFunction(real, repeats)));
  }
  for (const name of ["clearTimeout", "clearInterval", "clearImmediate"] as const) {
    installed.push(replace(globalThis, name, clearFunction));
  }
  installed.push(replace(globalThis, "setImmediate", immediateFunction));
  installed.push(replace(globalThis, "Date", dateClass), replace(Date, "now", dateNow));
  installed.push(replace(performance, "now", performanceNow));
  if (typeof AbortSignal === "function") {
    installed.push(replace(AbortSignal, "timeout", abortTimeout));
  }
  return installed;
}

/** Returns the replacement of `setTimeout` or `setInterval`. */
export function timerFunction<F extends AnyFunction>(real: F, repeats: boolean): F {
  return replacing<F>(function (
    this: unknown,
    callback: TimerCallback,
    delay?: unknown,
    ...args: unknown[]
  ) {
    const stage = currentStage();
    // If `callback` is not a function, the original throws, or evaluates it as a string.
    if (stage === undefined || typeof callback !== "function") {
      return Reflect.apply(real, this, [callback, delay, ...args]);
    }
    stage.touch();
    return handOut(new VirtualTimer(stage, callback, delayOf(delay), args, repeats));
  });
}

export function immediateFunction<F extends AnyFunction>(real: F): F {
  return replacing<F>(function (this: unknown, callback: TimerCallback, ...args: unknown[]) {
    const stage = currentStage();
    if (stage === undefined || typeof callback !== "function") {
      return Reflect.apply(real, this, [callback, ...args]);
    }
    stage.touch();
    return new VirtualImmediate(stage, callback, args);
  });
}

export function clearFunction<F extends AnyFunction>(real: F): F {
  return replacing<F>(function (this: unknown, timer?: unknown) {
    if (!clearVirtual(timer)) Reflect.apply(real, this, [timer]);
  });
}

function dateClass(real: DateConstructor): DateConstructor {
  return new Proxy(real, {
    construct(target, args, newTarget) {
      const stage = args.length === 0 ? currentStage() : undefined;
      return Reflect.construct(target, stage === undefined ? args : [stage.dateNow()], newTarget);
    },
    apply(target, self, args) {
      const stage = currentStage();
      return stage === undefined
        ? Reflect.apply(target, self, args)
        : new target(stage.dateNow()).toString();
    },
  });
}

function dateNow(real: () => number): () => number {
  return function now() {
    return currentStage()?.dateNow() ?? real();
  };
}

function performanceNow(real: () => number): () => number {
  return function now(this: unknown) {
    return currentStage()?.performanceNow() ?? Reflect.apply(real, this, []);
  };
}

function abortTimeout(real: typeof AbortSignal.timeout): typeof AbortSignal.timeout {
  return function timeout(delay: number) {
    const stage = currentStage();
    if (stage === undefined || !(Number.isSafeInteger(delay) && delay >= 0)) {
      return Reflect.apply(real, AbortSignal, [delay]);
    }
    const controller = new AbortController();
    const expire = () => {
      const message = "The operation was aborted due to timeout";
      controller.abort(new DOMException(message, "TimeoutError"));
    };
    stage.touch();
    new VirtualTimer(stage, expire, delay, [], false);
    return controller.signal;
  };
}
