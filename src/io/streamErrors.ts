// Errors of streams.

/** The stream ended before a read was complete. Like `asyncio.IncompleteReadError`. */
export class IncompleteReadError extends Error {
  override name = "IncompleteReadError";
  /** The data up to the end. It has been removed from the stream. */
  readonly partial: Uint8Array;
  /** The number of bytes requested; undefined if the read was to end at a separator. */
  readonly expected: number | undefined;

  constructor(partial: Uint8Array, expected: number | undefined) {
    const wanted = expected === undefined ? "a separator" : `${expected} bytes`;
    super(`Expected ${wanted}, but the stream ended after ${partial.length} bytes`);
    this.partial = partial;
    this.expected = expected;
  }
}

/**
 * More bytes than the limit arrived before the separator. The bytes stay in the stream. Like
 * `asyncio.LimitOverrunError`.
 */
export class LimitOverrunError extends Error {
  override name = "LimitOverrunError";
  /**
   * The number of bytes before the separator, or before what may be its beginning. Read these bytes
   * to make progress.
   */
  readonly consumed: number;

  constructor(message: string, consumed: number) {
    super(message);
    this.consumed = consumed;
  }
}

/** Returns the error for using a connection that was closed without an error. */
export function connectionLost(): Error {
  return Object.assign(new Error("The connection is closed"), { code: "ECONNRESET" });
}

/** Returns the error for using a connection that this side has aborted. */
export function connectionAborted(): Error {
  return Object.assign(new Error("The connection was aborted locally"), {
    code: "ECONNABORTED",
  });
}
