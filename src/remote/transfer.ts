import { describe, wrongType } from "../loop/arguments.ts";
import { isArrayBuffer } from "../loop/brands.ts";

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
    if (isArrayBuffer(item)) continue;
    throw new TypeError(
      `Expected \`list[${i}]\` to be an ArrayBuffer, got ${describe(item)}. Only memory moves between loops`,
    );
  }
  lists.set(value, list);
  return value;
}

/** The memory of `values` that is to move. */
export function listOf(values: readonly unknown[]): readonly ArrayBuffer[] {
  let list = lists.get(values) ?? NONE;
  for (const value of values) {
    const others = isPlain(value) ? undefined : lists.get(value as object);
    if (others !== undefined) list = [...new Set([...list, ...others])];
  }
  return list;
}

/** `values` without the memory that is to move, which they lose here. Throws if they cannot be cloned. */
export function moved<T extends readonly unknown[]>(values: T): T {
  return listOf(values).length === 0 ? values : copied(values);
}

/** A copy of `values` as they are now. Memory that is to move has moved to it, and is to move on. Throws as `moved` does. */
export function copied<T extends readonly unknown[]>(values: T): T {
  // Not even a list of numbers is cheap to clone.
  if (values.every(isPlain)) return [...values] as unknown as T;
  const transfer = [...listOf(values)];
  const [copy, list] = structuredClone([values, transfer] as const, { transfer });
  if (list.length > 0) lists.set(copy, list);
  return copy;
}

const NONE: readonly ArrayBuffer[] = [];

/** Whether nobody can change it, and anybody can clone it. */
function isPlain(value: unknown): boolean {
  const type = typeof value;
  return type === "number" || type === "string" || type === "boolean" || value == null;
}
