// Encodes values as text, so that different versions of Node understand each other. Decoding never
// evaluates anything.
//
// Like structured cloning, devalue preserves maps, sets, dates, bigints, bytes and circular
// references. It rejects functions and class instances, because the other side could not recreate
// them. Errors are packed the same way as between threads.

import { parse, stringify } from "devalue";
import { isError } from "../lang/brands.ts";
import { type PackedError, packError, unpackError } from "../remote/remoteError.ts";
import { FleetError } from "./errors.ts";

/** Converts values to text and back. */
export interface FleetCodec {
  /** Encodes a value. Throws if it cannot be sent. */
  encode(value: unknown): string;
  /** Decodes a value. Throws if `text` is not an encoded value. */
  decode(text: string): unknown;
}

const REDUCERS = {
  Error: (value: unknown) => (isError(value) ? packed(value) : false),
};
const REVIVERS = { Error: (value: unknown) => unpackError(value as PackedError) };

/** The default codec. */
export const defaultCodec: FleetCodec = {
  encode: (value) => stringify(value, REDUCERS),
  decode: (text) => parse(text, REVIVERS),
};

/** Encodes a thrown value, or a description of it if it cannot be sent. */
export function encodeError(codec: FleetCodec, error: unknown): string {
  try {
    return codec.encode(packed(error));
  } catch {
    return codec.encode(
      packError(new FleetError(`The thrown value cannot be sent: ${describeThrown(error)}`)),
    );
  }
}

/** Decodes an error. Never throws: returns a FleetError if the text cannot be read. */
export function decodeError(codec: FleetCodec, text: string): unknown {
  try {
    return unpackError(codec.decode(text) as PackedError);
  } catch (cause) {
    return new FleetError("The error of the call could not be read", { cause });
  }
}

/** Encodes a value. @throws DOMException named DataCloneError if it cannot be sent. */
export function encode(codec: FleetCodec, subject: string, value: unknown): string {
  try {
    return codec.encode(value);
  } catch (cause) {
    const { path } = cause as { path?: unknown };
    const where = typeof path === "string" && path !== "" ? ` (at \`${path}\`)` : "";
    const error = new DOMException(
      `${subject} could not be cloned: ${describeThrown(cause)}${where}`,
      "DataCloneError",
    );
    throw Object.defineProperty(error, "cause", { value: cause, configurable: true });
  }
}

/**
 * Packs a thrown value. If it contains anything that devalue rejects, drops the fields of all
 * errors in it, and replaces values that are not errors with text.
 */
function packed(error: unknown): PackedError {
  const whole = packError(error);
  try {
    stringify(whole);
    return whole;
  } catch {
    return withoutFields(whole);
  }
}

function withoutFields(error: PackedError): PackedError {
  if ("value" in error) return { value: describeThrown(error.value) };
  return {
    ...error,
    cause: error.cause && withoutFields(error.cause),
    errors: error.errors?.map(withoutFields),
    fields: undefined,
  };
}

function describeThrown(value: unknown): string {
  try {
    return isError(value) ? value.message : String(value);
  } catch {
    return "it cannot be described";
  }
}
