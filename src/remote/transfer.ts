import { describe, wrongType } from "../lang/arguments.ts";
import { isArrayBuffer } from "../lang/brands.ts";

/** The memory to move with each marked value. */
const lists = /* @__PURE__ */ new WeakMap<object, readonly ArrayBuffer[]>();

/**
 * Marks memory of `value` to be moved instead of copied when `value` is an argument or a result of
 * a remote call. The buffers are empty in this thread afterwards. Returns `value`.
 *
 * @throws TypeError if `value` is not an object, or `list` is not an array of ArrayBuffers.
 * @example
 * yield* remote.call("compress", transfer(bytes, [bytes.buffer]));
 */
export function transfer<T extends object>(value: T, list: readonly ArrayBuffer[]): T {
  if (typeof value !== "object" || value === null) throw wrongType("value", "an object", value);
  if (!Array.isArray(list)) throw wrongType("list", "an array of ArrayBuffers", list);
  for (const [i, item] of list.entries()) {
    if (isArrayBuffer(item)) continue;
    throw new TypeError(`Expected \`list[${i}]\` to be an ArrayBuffer, got ${describe(item)}`);
  }
  lists.set(value, list);
  return value;
}

/** Returns the memory to move with `values`. */
export function transferables(values: readonly unknown[]): readonly ArrayBuffer[] {
  let list = lists.get(values) ?? NONE;
  for (const value of values) {
    const others = isPlain(value) ? undefined : lists.get(value as object);
    if (others !== undefined) list = [...new Set([...list, ...others])];
  }
  return list;
}

/**
 * Returns `values`, ready to send. If they have marked memory, returns a copy, and the memory moves
 * into it.
 * @throws DataCloneError if they cannot be cloned.
 */
export function moved<T extends readonly unknown[]>(values: T): T {
  return transferables(values).length === 0 ? values : copied(values);
}

/**
 * Returns a copy of `values` as they are now. Marked memory moves into the copy, and stays marked.
 * @throws DataCloneError if they cannot be cloned.
 */
export function copied<T extends readonly unknown[]>(values: T): T {
  // Cloning is slow even for a list of numbers. TypeScript doesn't infer that a copy of a tuple has
  // the tuple's type.
  if (values.every(isPlain)) return [...values] as unknown as T;
  const transfer = [...transferables(values)];
  const [copy, list] = structuredClone([values, transfer] as const, { transfer });
  if (list.length > 0) lists.set(copy, list);
  return copy;
}

const NONE: readonly ArrayBuffer[] = [];

/** Returns whether a value is immutable, and so needs no clone. */
function isPlain(value: unknown): boolean {
  const type = typeof value;
  return type === "number" || type === "string" || type === "boolean" || value == null;
}
