// How a read can fail that is not the connection's fault.

/** The stream ended before all was there that was asked for. Like `asyncio.IncompleteReadError`. */
export class IncompleteReadError extends Error {
  override name = "IncompleteReadError";
  /** What was there until the end. It has been taken from the stream. */
  readonly partial: Uint8Array;
  /** How many bytes were asked for; undefined if it was everything up to a separator. */
  readonly expected: number | undefined;

  constructor(partial: Uint8Array, expected: number | undefined) {
    const wanted = expected === undefined ? "a separator" : `a total of ${expected}`;
    super(`The stream ended after ${partial.length} bytes, and ${wanted} was expected`);
    this.partial = partial;
    this.expected = expected;
  }
}

/** More bytes came than the limit allows before the separator. They stay in the stream. Like `asyncio.LimitOverrunError`. */
export class LimitOverrunError extends Error {
  override name = "LimitOverrunError";
  /** How many of the bytes in the stream hold no part of a separator: so many can be read away. */
  readonly consumed: number;

  constructor(message: string, consumed: number) {
    super(message);
    this.consumed = consumed;
  }
}

/** What is thrown to those who use a connection that is over without an error of its own. */
export function connectionLost(): Error {
  return Object.assign(new Error("The connection is closed"), { code: "ECONNRESET" });
}

/** What is thrown to those who use a connection that this side has aborted. */
export function connectionAborted(): Error {
  return Object.assign(new Error("The connection was aborted by this side"), {
    code: "ECONNABORTED",
  });
}
