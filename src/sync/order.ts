import { describe } from "../lang/arguments.ts";

/** Compares two values: negative if `a` comes first, positive if `b` does, 0 if they are equal. */
export type Compare<T> = (a: T, b: T) => number;

/**
 * Compares values that have a natural order: numbers, bigints, strings, objects whose `valueOf`
 * returns one of these, and arrays of these, element by element. As in Python's tuples, elements
 * that are identical needn't have an order.
 *
 * @throws TypeError if the values have no order.
 */
export function naturalOrder(a: unknown, b: unknown): number {
  if (Array.isArray(a) && Array.isArray(b)) {
    const length = Math.min(a.length, b.length);
    for (let i = 0; i < length; i++) {
      const order = a[i] === b[i] ? 0 : naturalOrder(a[i], b[i]);
      if (order !== 0) return order;
    }
    return a.length - b.length;
  }
  const x = ranked(a);
  const y = ranked(b);
  if ((typeof x === "string") === (typeof y === "string")) {
    if (x < y) return -1;
    if (x > y) return 1;
    // Not an `else`, because comparisons with NaN are always false.
    if (x >= y) return 0;
  }
  throw new TypeError(
    `Cannot compare ${describe(a)} with ${describe(b)}. Pass \`compare\` to the PriorityQueue`,
  );
}

/** Returns the number, bigint or string to compare; NaN for a value without an order. */
function ranked(value: unknown): number | bigint | string {
  const primitive = typeof value === "object" ? value?.valueOf?.() : value;
  switch (typeof primitive) {
    case "number":
    case "bigint":
    case "string":
      return primitive;
    default:
      return NaN;
  }
}
