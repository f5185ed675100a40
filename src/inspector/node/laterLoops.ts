// Tells of loops that start to run while somebody records. A thread that runs calls for others
// starts a loop for each of them.
//
// Loops enter a set that belongs to no copy of the package. While somebody listens, the set has a
// method of its own that tells them. Channels have a set of another class: see
// diagnosticsChannels.ts, which carries the method over when it replaces the set.

const KEY = Symbol.for("mysyncio.loops");

type Listener = (loop: object) => void;

const listeners = new Set<Listener>();

/** Calls `listener` for each loop that starts to run. Returns a function that ends this. */
export function onLaterLoops(listener: Listener): () => void {
  if (listeners.size === 0) {
    const loops = loopsNow();
    Reflect.set(globalThis, KEY, loops);
    Reflect.defineProperty(loops, "add", { configurable: true, value: addAndTell });
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

function addAndTell(this: Set<object>, loop: object): Set<object> {
  const isNew = !this.has(loop);
  (Object.getPrototypeOf(this) as Set<object>).add.call(this, loop);
  if (isNew) for (const listener of listeners) listener(loop);
  return this;
}
