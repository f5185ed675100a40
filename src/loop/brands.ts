// What a value from outside is, whichever realm made it.
//
// A program in a vm context, as the tests of Jest and of Vitest's vm pools are, has an `Error` and a `Uint8Array` of its own;
// Node's system errors and buffers are of the outer realm, and values from an iframe are of a third. `instanceof` knows one
// realm, so it decides nothing here.

/** Whether `value` has `tag` as its kind, for the host's and the language's own classes. */
export function hasTag(value: unknown, tag: string): boolean {
  return Object.prototype.toString.call(value) === `[object ${tag}]`;
}

/** Whether `value` is an error, a DOMException included. */
export function isError(value: unknown): value is Error {
  if (value instanceof Error) return true;
  return hasTag(value, "Error") || hasTag(value, "DOMException");
}

/** Whether `value` is a Uint8Array, such as a Buffer. */
export function isBytes(value: unknown): value is Uint8Array {
  return ArrayBuffer.isView(value) && hasTag(value, "Uint8Array");
}

/** Whether `value` is an ArrayBuffer. */
export function isArrayBuffer(value: unknown): value is ArrayBuffer {
  return hasTag(value, "ArrayBuffer");
}
