import { queueMicrotask } from "./timers.ts";

/** Calls back in a microtask, also where `queueMicrotask` is missing or a stub that throws. */
export function postMicrotask(callback: () => void): void {
  try {
    queueMicrotask(callback);
  } catch {
    void Promise.resolve().then(callback);
  }
}
