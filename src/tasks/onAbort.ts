// Adds a single listener to each signal, however many callbacks it has, because Node warns of a
// leak from the eleventh listener on.

interface Hub {
  readonly callbacks: Set<() => void>;
  readonly notify: () => void;
}

const hubs = /* @__PURE__ */ new WeakMap<AbortSignal, Hub>();

/**
 * Calls `callback` when `signal` aborts. Callbacks run in insertion order. Returns a function that
 * removes the callback.
 */
export function onAbort(signal: AbortSignal, callback: () => void): () => void {
  const hub = hubs.get(signal) ?? newHub(signal);
  const { callbacks, notify } = hub;
  if (callbacks.size === 0) signal.addEventListener("abort", notify);
  callbacks.add(callback);
  return () => {
    if (callbacks.delete(callback) && callbacks.size === 0) {
      signal.removeEventListener("abort", notify);
    }
  };
}

function newHub(signal: AbortSignal): Hub {
  const callbacks = new Set<() => void>();
  const notify = () => {
    for (const callback of [...callbacks]) callback();
  };
  const hub = { callbacks, notify };
  hubs.set(signal, hub);
  return hub;
}
