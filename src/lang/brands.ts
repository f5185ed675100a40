// Checks such as `isError` that work for values of any realm, unlike `instanceof`.
//
// A program in a vm context, such as a test in Jest or in Vitest's vm pools, has its own `Error`
// and `Uint8Array`. Node's system errors and buffers belong to the outer realm, and values from an
// iframe belong to yet another realm. `instanceof` recognizes only values of its own realm.

/** Whether `value` is an instance of a class of the language or the platform, named `tag`. */
export function hasTag(value: unknown, tag: string): boolean {
  return Object.prototype.toString.call(value) === `[object ${tag}]`;
}

/** Whether `value` is an error or a DOMException. Never throws. */
export function isError(value: unknown): value is Error {
  try {
    if (hasTag(value, "Error")) return true;
    // A class may define its own tag, so look for the prototype that all errors of a realm share.
    // `Error.isError` is too new.
    for (let object = value; object; object = Object.getPrototypeOf(object)) {
      if (object.constructor?.name === "Error") return true;
    }
  } catch {
    // A revoked proxy, or a getter that throws.
  }
  return false;
}

/** Reads the class of a typed array of any realm, whatever tag a subclass defines. */
const typedArrayTag = /* @__PURE__ */ Object.getOwnPropertyDescriptor(
  /* @__PURE__ */ Object.getPrototypeOf(Uint8Array.prototype),
  Symbol.toStringTag,
)?.get as (this: unknown) => string | undefined;

/** Whether `value` is a Uint8Array or a Buffer. */
export function isBytes(value: unknown): value is Uint8Array {
  return typedArrayTag.call(value) === "Uint8Array";
}

/** Whether `value` is an ArrayBuffer. */
export function isArrayBuffer(value: unknown): value is ArrayBuffer {
  return hasTag(value, "ArrayBuffer");
}
