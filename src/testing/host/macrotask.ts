// Posts macrotasks to the host, which runs all pending microtasks between two of them.

import { setImmediate, setTimeout } from "../../loop/hosts/timers.ts";

interface PrioritizedTasks {
  postTask(callback: () => void, options: { readonly priority: string }): Promise<unknown>;
}

let channel: MessageChannel | undefined;
const messages: (() => void)[] = [];

/**
 * Calls `callback`, which must not throw, in the next macrotask.
 *
 * @param isUrgent whether to run before macrotasks of other code, if the host has priorities.
 */
export function postMacrotask(callback: () => void, isUrgent = true): void {
  if (typeof setImmediate === "function") {
    setImmediate(callback);
    return;
  }
  if (!isUrgent) return postMessageTask(callback);
  const { scheduler } = globalThis as { scheduler?: PrioritizedTasks };
  if (typeof scheduler?.postTask === "function") {
    // With a lower priority, macrotasks of other code would run in the middle of a run.
    void scheduler.postTask(callback, { priority: "user-blocking" });
    return;
  }
  postMessageTask(callback);
}

function postMessageTask(callback: () => void): void {
  if (channel === undefined) {
    channel = new MessageChannel();
    channel.port1.onmessage = () => messages.shift()?.();
  }
  messages.push(callback);
  channel.port2.postMessage(undefined);
}

/** Calls `callback`, which must not throw, after `delay` milliseconds of real time. */
export function postLater(callback: () => void, delay: number): void {
  setTimeout(callback, delay);
}
