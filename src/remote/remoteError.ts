// Errors that cross from one thread to another: structured clones keep neither class nor cause of most.

import {
  CancelledError,
  DeadlockError,
  InvalidStateError,
  LookupError,
  RuntimeError,
  TimeoutError,
} from "../loop/errors.ts";
import { ExceptionGroup } from "../tasks/exceptionGroup.ts";

/** The other thread has ended, or closed its loop, before it answered. */
export class RemoteLostError extends Error {
  override name = "RemoteLostError";
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
    };

/** How many causes are kept: they may form a circle. */
const DEEPEST = 16;

/** The classes that are known on both sides. An error of another class comes as an `Error` of that name. */
const CLASSES: readonly (new (message: string) => Error)[] = [
  ...[CancelledError, DeadlockError, InvalidStateError, LookupError, RuntimeError, TimeoutError],
  ...[EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError, RemoteLostError],
];

export function packError(error: unknown, depth = 0): PackedError {
  if (!(error instanceof Error)) return { value: cloneable(error) };
  const { message, stack, cause, errors } = error as Error & { errors?: unknown };
  // A class that does not say its name has one all the same.
  const name = error.name === "Error" ? error.constructor.name : error.name;
  const isDeep = depth === DEEPEST;
  return {
    name: String(name),
    message: String(message),
    stack,
    cause: cause === undefined || isDeep ? undefined : packError(cause, depth + 1),
    errors:
      Array.isArray(errors) && !isDeep ? errors.map((e) => packError(e, depth + 1)) : undefined,
  };
}

export function unpackError(packed: PackedError): unknown {
  if ("value" in packed) return packed.value;
  const { name, message, stack, cause } = packed;
  const error = newError(name, message, packed.errors?.map(unpackError));
  if (error.name !== name) define(error, "name", name);
  if (stack !== undefined) define(error, "stack", stack);
  if (cause !== undefined) define(error, "cause", unpackError(cause));
  return error;
}

function newError(name: string, message: string, errors: unknown[] | undefined): Error {
  if (errors !== undefined) {
    if (name === "ExceptionGroup") return new ExceptionGroup(errors, message);
    return new AggregateError(errors, message);
  }
  const Known = CLASSES.find((known) => known.name === name) ?? Error;
  return new Known(message);
}

function define(error: Error, key: string, value: unknown): void {
  Object.defineProperty(error, key, { value, configurable: true, writable: true });
}

/** `value`, or words for it if it cannot be sent. */
function cloneable(value: unknown): unknown {
  try {
    return structuredClone(value);
  } catch {
    return String(value);
  }
}
