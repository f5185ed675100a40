// Reports loops that start to run during a recording. A thread that runs calls for other threads
// starts a loop for each call.
//
// Running loops are in a set that all copies of the package share. While there are listeners, the
// set has an `add` method of its own, which calls them. Diagnostics channels replace the set with
// one of another class, and copy this method to it: see diagnosticsChannels.ts.

const KEY = Symbol.for("mysyncio.loops");

type Listener = (loop: object) => void;

const listeners = new Set<Listener>();

/** Calls `listener` for each loop that starts to run. Returns a function that ends this. */
export function onLaterLoops(listener: Listener): () => void {
  if (listeners.size === 0) {
    const loops = loopsNow();
    Reflect.set(globalThis, KEY, loops);
    Reflect.defineProperty(loops, "add", { configurable: true, value: addAndNotify });
  }
  listeners.add(listener);
  return () => {
    if (listeners.delete(listener) && listeners.size === 0) {
      Reflect.deleteProperty(loopsNow(), "add");
    }
  };
}

function loopsNow(): Set<object> {
  return Reflect.get(globalThis, KEY) ?? new Set();
}

function addAndNotify(this: Set<object>, loop: object): Set<object> {
  const isNew = !this.has(loop);
  (Object.getPrototypeOf(this) as Set<object>).add.call(this, loop);
  if (isNew) for (const listener of listeners) listener(loop);
  return this;
}
