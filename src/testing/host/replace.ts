/** Restores the property that was replaced. */
export type Installed = () => void;

/**
 * Replaces the property `name` of `holder` with what `make` returns for its value. Does nothing if
 * the property doesn't exist. If other code replaces it again later, that replacement stays.
 */
export function replace<Holder extends object, Name extends keyof Holder>(
  holder: Holder,
  name: Name,
  make: (real: NonNullable<Holder[Name]>) => Holder[Name],
): Installed {
  const real = holder[name];
  if (real === undefined || real === null) return () => undefined;
  const own = Object.getOwnPropertyDescriptor(holder, name);
  const value = make(real as NonNullable<Holder[Name]>);
  const enumerable = own?.enumerable ?? false;
  // Returns false, instead of throwing, where the host forbids it, as for a frozen global object.
  Reflect.defineProperty(holder, name, { value, enumerable, configurable: true, writable: true });
  return () => {
    if (holder[name] !== value) return;
    if (own === undefined) Reflect.deleteProperty(holder, name);
    else Reflect.defineProperty(holder, name, own);
  };
}
