import { describe, wrongType } from "../loop/arguments.ts";

/** What goes along with a value, and is not copied. */
const lists = /* @__PURE__ */ new WeakMap<object, readonly ArrayBuffer[]>();

/**
 * Says that memory of `value` moves to the other thread when `value` is an argument or a result of a remote call: here it
 * is empty afterwards. Returns `value`.
 *
 * @throws TypeError if `value` is no object, or the list has something else than ArrayBuffers in it.
 * @example
 * yield* remote.call("compress", transfer(bytes, [bytes.buffer]));
 */
export function transfer<T extends object>(value: T, list: readonly ArrayBuffer[]): T {
  if (typeof value !== "object" || value === null) throw wrongType("value", "an object", value);
  if (!Array.isArray(list)) throw wrongType("list", "an array of ArrayBuffers", list);
  for (const [i, item] of list.entries()) {
    if (item instanceof ArrayBuffer) continue;
    throw new TypeError(
      `Expected \`list[${i}]\` to be an ArrayBuffer, got ${describe(item)}. Only memory moves between loops`,
    );
  }
  lists.set(value, list);
  return value;
}

/** `values` without the memory that is to move, which they lose here. Throws if they cannot be cloned. */
export function moved<T extends readonly unknown[]>(values: T): T {
  const list = new Set<ArrayBuffer>();
  for (const value of values) {
    for (const item of lists.get(value as object) ?? []) list.add(item);
  }
  return list.size === 0 ? values : structuredClone(values, { transfer: [...list] });
}
