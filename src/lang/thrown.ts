// Classifies and describes thrown values. Never throws, although a program may throw anything, such
// as a revoked proxy, an object without a prototype, or an error whose `message` getter throws.

import { isError } from "./brands.ts";
import { CancelledError } from "./errors.ts";

/** Like `thrown instanceof type`, but false if the prototype of `thrown` can't be read. */
export function isInstance<T>(
  thrown: unknown,
  type: abstract new (...args: never[]) => T,
): thrown is T {
  try {
    return thrown instanceof type;
  } catch {
    return false;
  }
}

/** Whether `thrown` is a CancelledError. */
export function isCancellation(thrown: unknown): thrown is CancelledError {
  return isInstance(thrown, CancelledError);
}

/** Stands for a property or a value that can't be read. */
const UNREADABLE = "(unreadable)";

/** Returns a property of a thrown value, or `UNREADABLE` if reading it throws. */
export function readThrown(thrown: object, key: string): unknown {
  try {
    return Reflect.get(thrown, key);
  } catch {
    return UNREADABLE;
  }
}

/** Returns the `name` of a thrown value, or undefined if it has none. */
export function errorName(thrown: unknown): unknown {
  return readThrown(Object(thrown), "name");
}

/** Returns a thrown value as text: the name and message of an error, or what `String` returns. */
export function textOf(thrown: unknown): string {
  if (!isError(thrown)) return toText(thrown);
  return `${toText(readThrown(thrown, "name"))}: ${toText(readThrown(thrown, "message"))}`;
}

/** Like `String(value)`, but returns `UNREADABLE` for values that `String` can't convert. */
export function toText(value: unknown): string {
  try {
    return String(value);
  } catch {
    return UNREADABLE;
  }
}
