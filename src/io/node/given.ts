/**
 * The options that are given. Node takes one that is undefined for a wrong one, or for another than its default, and
 * where it is spread over a default it would take its place.
 */
export function given<O extends object>(options: O): { [K in keyof O]: NonNullable<O[K]> } {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as {
    [K in keyof O]: NonNullable<O[K]>;
  };
}
