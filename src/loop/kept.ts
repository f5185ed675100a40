// One instance of each hot class, kept for as long as the program runs.
//
// V8 compiles a hot function for the hidden classes ("maps") of the objects that the function has
// handled so far. A full garbage collection discards the map of a class without instances, and with
// it all code that was compiled for that map. A program that calls `run` now and then would start
// in the interpreter each time. So each class with many short-lived instances keeps one unused
// instance alive.
//
// Imports create no instances, and the first loop starts without them, because creating them would
// take a quarter of the time of a short program. A class only registers here, and createKept.ts
// creates the instances soon after, on a loop that never runs. Real constructors on a real loop
// make sure that the kept instances have the same maps as those of the program. A bundler still
// removes a class that is not used, because the registration is marked as pure.

type Registration<L> = (loop: L) => void;

// Each registration takes a loop, whose type is defined in a higher layer.
let registered: Registration<never>[] = [];

/**
 * Keeps the instances that `make` returns. They must not refer to any object of the user. Returns
 * the list of them, which is empty until createKept.ts calls `make`.
 */
export function keepInstances<L>(make: (loop: L) => readonly object[]): readonly object[] {
  const kept: object[] = [];
  registered.push((loop: L) => kept.push(...make(loop)));
  return kept;
}

/** Returns what was registered since the last call. */
export function takeRegistrations<L>(): readonly Registration<L>[] {
  const taken = registered;
  // Called in each macrotask of a loop, almost always with nothing to take.
  if (taken.length > 0) registered = [];
  // The caller knows the type of the loop.
  return taken as unknown as readonly Registration<L>[];
}
