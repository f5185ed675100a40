// Errors that cross from one thread to another. Structured clones lose the class and cause of most
// errors.

import { isError } from "../lang/brands.ts";
import {
  CancelledError,
  DeadlockError,
  InvalidStateError,
  LookupError,
  RuntimeError,
  TimeoutError,
} from "../lang/errors.ts";
import { ExceptionGroup } from "../tasks/exceptionGroup.ts";

/**
 * The thread, loop or worker that ran a call ended before the call did, or something other than the
 * caller cancelled the call.
 */
export class RemoteLostError extends Error {
  override name = "RemoteLostError";
}

/** Returns the error for a call that was cancelled, but not by its caller. */
export function cancelledThere(cause: CancelledError): RemoteLostError {
  return new RemoteLostError("The call was cancelled, but not by its caller", { cause });
}

/** A thrown value in the form that is sent. */
export type PackedError =
  | { readonly value: unknown }
  | {
      readonly name: string;
      readonly message: string;
      readonly stack: string | undefined;
      readonly cause: PackedError | undefined;
      readonly errors: PackedError[] | undefined;
      /** `code`, and the error's own enumerable fields. */
      readonly fields: readonly (readonly [name: string, value: Field])[] | undefined;
    };

/** A field of an error: another error, plain data, or a list with errors in it. */
type Field =
  | { readonly error: PackedError }
  | { readonly data: unknown }
  | { readonly list: readonly Field[] };

/**
 * The maximum depth of causes and of errors in groups, and the maximum number of errors in total.
 */
const MAX_DEPTH = 16;
const MAX_ERRORS = 200;

/**
 * The classes that exist on both sides. An error of another class arrives as an `Error` with the
 * name of that class. The keys are not taken from the classes' own `name`, because minifiers change
 * that.
 */
const CLASSES = /* @__PURE__ */ new Map<string, new (message: string) => Error>(
  Object.entries({
    ...{
      CancelledError,
      DeadlockError,
      InvalidStateError,
      LookupError,
      RuntimeError,
      TimeoutError,
    },
    ...{ EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError, RemoteLostError },
  }),
);

/** Registers an error class on this side, under the name of its errors. */
export function knowErrorClass(name: string, known: new (message: string) => Error): void {
  CLASSES.set(name, known);
}

/** Converts a thrown value into a form that can be sent. Never throws, whatever the value is. */
export function packError(error: unknown): PackedError {
  return new ErrorPacker().pack(error);
}

/** Packs one error, with its causes and parts. */
class ErrorPacker {
  #left = MAX_ERRORS;
  /** The current error and those that contain it. Needed because causes may form a cycle. */
  readonly #path = new Set<unknown>();

  pack(error: unknown): PackedError {
    this.#left--;
    this.#path.add(error);
    try {
      if (!isError(error)) return { value: cloneable(error) };
      const { message, stack, cause, errors } = error as Error & { errors?: unknown };
      // If the class does not set `name`, use the name of the class.
      const name = error.name === "Error" ? (error.constructor?.name ?? "Error") : error.name;
      return {
        name: String(name),
        message: String(message),
        stack: typeof stack === "string" ? stack : undefined,
        cause: cause === undefined ? undefined : this.#packInner(cause),
        errors: Array.isArray(errors)
          ? errors.map((inner) => this.#packInner(inner)).filter((inner) => inner !== undefined)
          : undefined,
        fields: this.#packFields(error),
      };
    } catch {
      // A getter threw, or a value could not be converted to a string.
      return { ...UNDESCRIBED };
    } finally {
      this.#path.delete(error);
    }
  }

  #packInner(inner: unknown): PackedError | undefined {
    const isPacked = this.#left > 0 && this.#path.size <= MAX_DEPTH && !this.#path.has(inner);
    return isPacked ? this.pack(inner) : undefined;
  }

  /**
   * Packs `code` and the error's own fields. Omits fields whose getter throws, and values that
   * cannot be cloned. Returns undefined if none are left.
   */
  #packFields(error: Error): (readonly [string, Field])[] | undefined {
    // A class may define `code` by a getter, as DOMException does.
    const names = ["code", ...Object.keys(error)].filter(
      (name) => name in error && !STANDARD.includes(name),
    );
    const fields: (readonly [string, Field])[] = [];
    for (const name of names.slice(0, MAX_FIELDS)) {
      try {
        const field = this.#packField(Reflect.get(error, name));
        if (field !== undefined) fields.push([name, field]);
      } catch {
        // A getter that throws, or a value that cannot be cloned.
      }
    }
    return fields.length > 0 ? fields : undefined;
  }

  /**
   * Packs the value of a field. Returns undefined for an error that is beyond a limit or part of a
   * cycle. Throws if the value cannot be cloned.
   */
  #packField(value: unknown): Field | undefined {
    if (isError(value)) {
      const inner = this.#packInner(value);
      return inner && { error: inner };
    }
    if (!Array.isArray(value) || !value.some(isError)) return { data: structuredClone(value) };
    return {
      list: value.map((each) => this.#packField(each)).filter((field) => field !== undefined),
    };
  }
}

/** Fields that are sent separately. `name` is an own field of most error classes. */
const STANDARD = ["name", "message", "stack", "cause", "errors"];
/** The maximum number of fields of an error that are kept. */
const MAX_FIELDS = 50;

const UNDESCRIBED = {
  name: "Error",
  message: "The thrown value cannot be described",
  stack: undefined,
  cause: undefined,
  errors: undefined,
  fields: undefined,
};

/** Restores a thrown value. Never throws, because nothing could report that. */
export function unpackError(packed: PackedError): unknown {
  if ("value" in packed) return packed.value;
  const { name, message, stack, cause } = packed;
  const error = newError(name, message, packed.errors?.map(unpackError));
  if (error.name !== name) define(error, "name", name);
  if (stack !== undefined) define(error, "stack", stack);
  if (cause !== undefined) define(error, "cause", unpackError(cause));
  for (const [key, field] of packed.fields ?? []) {
    define(error, key, unpackField(field), true);
  }
  return error;
}

function unpackField(field: Field): unknown {
  if ("list" in field) return field.list.map(unpackField);
  return "error" in field ? unpackError(field.error) : field.data;
}

function newError(name: string, message: string, errors: unknown[] | undefined): Error {
  if (errors !== undefined) {
    // A group beyond the limits has lost its errors, and an ExceptionGroup can't be empty.
    if (name === "ExceptionGroup" && errors.length > 0) return new ExceptionGroup(errors, message);
    return new AggregateError(errors, message);
  }
  const Known = CLASSES.get(name) ?? Error;
  return new Known(message);
}

/** Defines a field. Never assigns, because the field may be called `__proto__`. */
function define(error: Error, key: string, value: unknown, enumerable = false): void {
  Object.defineProperty(error, key, { value, configurable: true, writable: true, enumerable });
}

/** Returns a clone of `value`, or its text if it cannot be cloned. */
function cloneable(value: unknown): unknown {
  try {
    return structuredClone(value);
  } catch {
    // A function or another value that cannot be cloned, or a getter that throws.
    return String(value);
  }
}
