// Which flow is running, and how a flow is entered.
//
// asyncContext.ts explains and captures flows. This module is separate because handles use it, and
// asyncContext.ts depends on modules that depend on handles.

/** The host's context of an asynchronous flow: the part of `AsyncResource` that is used here. */
export interface Flow {
  runInAsyncScope<This, Args extends unknown[], R>(
    callback: (this: This, ...args: Args) => R,
    self?: This,
    ...args: Args
  ): R;
}

/** The flow of the running task or callback. Undefined in the loop's own context. */
export const flow = { current: undefined as Flow | undefined };

/** Calls `callback` in the context of a flow. */
export function enterFlow<This, Args extends unknown[], R>(
  entered: Flow,
  callback: (this: This, ...args: Args) => R,
  self: This,
  ...args: Args
): R {
  const outer = flow.current;
  flow.current = entered;
  try {
    return entered.runInAsyncScope(callback, self, ...args);
  } finally {
    flow.current = outer;
  }
}

/** Calls `callback` as part of a flow whose context is already entered. */
export function inFlow<R>(entered: Flow | undefined, callback: () => R): R {
  const outer = flow.current;
  flow.current = entered;
  try {
    return callback();
  } finally {
    flow.current = outer;
  }
}
