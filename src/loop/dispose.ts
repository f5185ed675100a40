// The symbols of `using` and `await using`, also where the engine does not have them yet and a compiler stands in.

/** As `Symbol.dispose`. */
export const dispose: typeof Symbol.dispose = Symbol.dispose ?? Symbol.for("Symbol.dispose");

/** As `Symbol.asyncDispose`. */
export const asyncDispose: typeof Symbol.asyncDispose =
  Symbol.asyncDispose ?? Symbol.for("Symbol.asyncDispose");
