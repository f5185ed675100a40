const settled = /* @__PURE__ */ Promise.resolve();

/** Calls `callback`, which must not throw, in a microtask. Cheaper than `queueMicrotask`. */
export function postMicrotask(callback: () => void): void {
  void settled.then(callback);
}
