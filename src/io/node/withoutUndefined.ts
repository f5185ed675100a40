/**
 * Copies `options` without members that are undefined. Node rejects some undefined options, and
 * doesn't replace others with their defaults.
 */
export function withoutUndefined<O extends object>(
  options: O,
): { [K in keyof O]: NonNullable<O[K]> } {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as {
    [K in keyof O]: NonNullable<O[K]>;
  };
}
