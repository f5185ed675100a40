// Errors that cross from one thread to another: structured clones keep neither class nor cause of most.

import { isError } from "../loop/brands.ts";
import {
  CancelledError,
  DeadlockError,
  InvalidStateError,
  LookupError,
  RuntimeError,
  TimeoutError,
} from "../loop/errors.ts";
import { ExceptionGroup } from "../tasks/exceptionGroup.ts";

/** The other thread has ended, has closed its loop or has cancelled the call, before it answered. */
export class RemoteLostError extends Error {
  override name = "RemoteLostError";
}

/** What the caller gets whose call was cancelled over there, and not by the caller. */
export function cancelledThere(cause: CancelledError): RemoteLostError {
  return new RemoteLostError("The call was cancelled in the other thread, and not by its caller", {
    cause,
  });
}

/** What was thrown, as it is sent. */
export type PackedError =
  | { readonly value: unknown }
  | {
      readonly name: string;
      readonly message: string;
      readonly stack: string | undefined;
      readonly cause: PackedError | undefined;
      readonly errors: PackedError[] | undefined;
      /** Its own enumerable fields, such as `code`, by name. */
      readonly fields: readonly (readonly [name: string, value: Field])[] | undefined;
    };

/** A field of an error: an error itself, or plain data. */
type Field = { readonly error: PackedError } | { readonly data: unknown };

/** How deep causes and the errors of groups are kept, and how many in all. */
const DEEPEST = 16;
const MOST = 200;

/**
 * The classes that are known on both sides. An error of another class comes as an `Error` of that name. Their own names
 * would not do as keys, because minifiers change them.
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

/** What was thrown, so that it can be sent. Never fails, whatever that is. */
export function packError(error: unknown): PackedError {
  let left = MOST;
  /** The errors that this one is a cause of: they may form a circle. */
  const path = new Set<unknown>();

  function packInner(inner: unknown): PackedError | undefined {
    return left > 0 && path.size <= DEEPEST && !path.has(inner) ? pack(inner) : undefined;
  }

  function pack(error: unknown): PackedError {
    left--;
    path.add(error);
    try {
      if (!isError(error)) return { value: cloneable(error) };
      const { message, stack, cause, errors } = error as Error & { errors?: unknown };
      // A class that does not say its name has one all the same.
      const name = error.name === "Error" ? (error.constructor?.name ?? "Error") : error.name;
      return {
        name: String(name),
        message: String(message),
        stack: typeof stack === "string" ? stack : undefined,
        cause: cause === undefined ? undefined : packInner(cause),
        errors: Array.isArray(errors)
          ? errors.map(packInner).filter((inner) => inner !== undefined)
          : undefined,
        fields: packFields(error),
      };
    } catch {
      // A getter of its own, or what cannot become a string.
      return { ...UNDESCRIBED };
    } finally {
      path.delete(error);
    }
  }

  /** What a getter throws or nobody can clone is left out: the rest is worth more. */
  function packFields(error: Error): (readonly [string, Field])[] | undefined {
    const names = Object.keys(error).filter((name) => !STANDARD.includes(name));
    const fields: (readonly [string, Field])[] = [];
    for (const name of names.slice(0, MOST_FIELDS)) {
      try {
        const value: unknown = Reflect.get(error, name);
        const inner = isError(value) ? packInner(value) : undefined;
        if (inner !== undefined) fields.push([name, { error: inner }]);
        else if (!isError(value)) fields.push([name, { data: structuredClone(value) }]);
      } catch {
        // A getter that throws, or a function in it.
      }
    }
    return fields.length > 0 ? fields : undefined;
  }

  return pack(error);
}

/** What is sent for itself. `name` is a field of most classes. */
const STANDARD = ["name", "message", "stack", "cause", "errors"];
/** How many fields of an error are kept. */
const MOST_FIELDS = 50;

const UNDESCRIBED = {
  name: "Error",
  message: "What was thrown cannot be described",
  stack: undefined,
  cause: undefined,
  errors: undefined,
  fields: undefined,
};

/** What arrives. Never fails, as nobody would ever hear of that. */
export function unpackError(packed: PackedError): unknown {
  if ("value" in packed) return packed.value;
  const { name, message, stack, cause } = packed;
  const error = newError(name, message, packed.errors?.map(unpackError));
  if (error.name !== name) define(error, "name", name);
  if (stack !== undefined) define(error, "stack", stack);
  if (cause !== undefined) define(error, "cause", unpackError(cause));
  for (const [key, field] of packed.fields ?? []) {
    define(error, key, "error" in field ? unpackError(field.error) : field.data, true);
  }
  return error;
}

function newError(name: string, message: string, errors: unknown[] | undefined): Error {
  if (errors !== undefined) {
    // One that is too deep, or one too many, has lost what was in it, and no group is empty.
    if (name === "ExceptionGroup" && errors.length > 0) return new ExceptionGroup(errors, message);
    return new AggregateError(errors, message);
  }
  const Known = CLASSES.get(name) ?? Error;
  return new Known(message);
}

/** Defines and never assigns: a field may be called `__proto__`. */
function define(error: Error, key: string, value: unknown, enumerable = false): void {
  Object.defineProperty(error, key, { value, configurable: true, writable: true, enumerable });
}

/** `value`, or words for it if it cannot be sent. */
function cloneable(value: unknown): unknown {
  try {
    return structuredClone(value);
  } catch {
    return String(value);
  }
}
