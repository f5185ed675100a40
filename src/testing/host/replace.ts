/** Undoes a replacement. */
export type Restore = () => void;

/**
 * Replaces the property `name` of `holder` with what `make` returns for its value. Does nothing if
 * the property doesn't exist. Returns a function that restores the original, unless other code has
 * replaced the property again.
 */
export function replace<Holder extends object, Name extends keyof Holder>(
  holder: Holder,
  name: Name,
  make: (real: NonNullable<Holder[Name]>) => Holder[Name],
): Restore {
  const real = holder[name];
  if (real === undefined || real === null) return () => undefined;
  const own = Object.getOwnPropertyDescriptor(holder, name);
  const value = make(real as NonNullable<Holder[Name]>);
  const enumerable = own?.enumerable ?? false;
  // Not `Object.defineProperty`, which throws if the host forbids it: a global object may be
  // frozen.
  Reflect.defineProperty(holder, name, { value, enumerable, configurable: true, writable: true });
  return () => {
    if (holder[name] !== value) return;
    if (own === undefined) Reflect.deleteProperty(holder, name);
    else Reflect.defineProperty(holder, name, own);
  };
}
