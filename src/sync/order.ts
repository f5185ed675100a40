import { describe } from "../loop/arguments.ts";

/** Says which of two comes first: negative if `a` does, positive if `b` does, 0 if it is all the same. */
export type Compare<T> = (a: T, b: T) => number;

/**
 * The order of what has one: numbers, bigints, strings, objects with such a `valueOf`, and arrays of these, element by
 * element. As with Python's tuples, elements that are the same need no order.
 *
 * @throws TypeError if there is none.
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
    // Not so for NaN.
    if (x >= y) return 0;
  }
  throw new TypeError(
    `There is no order of ${describe(a)} and ${describe(b)}: give \`compare\` to the PriorityQueue`,
  );
}

/** What stands for a value in comparisons. NaN, which has no order, for what has none. */
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
