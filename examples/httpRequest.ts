// Reads an HTTP/1.1 request from a byte stream, see RFC 9112.
//
// Every deviation from the RFC is rejected, because two servers in a row that parse the same bytes
// differently can be made to treat a part of one request as another request.

import {
  type Coroutine,
  IncompleteReadError,
  LimitOverrunError,
  type StreamReader,
} from "mysyncio/node";

/** The maximum sizes of a head and a body, in bytes. */
export const LONGEST_HEAD = 16_384;
const LONGEST_BODY = 2 ** 20;

const HEAD_END = Buffer.from("\r\n\r\n");
const LINE_END = Buffer.from("\r\n");
const NOTHING = new Uint8Array(0);

// Methods and names of fields are tokens of RFC 9110, section 5.6.2. Values of fields contain no
// control characters except the tab.
const REQUEST_LINE = /^([!#$%&'*+.^`|~\w-]+) ([\x21-\x7e]+) HTTP\/(\d)\.(\d)$/;
const FIELD = /^([!#$%&'*+.^`|~\w-]+):[\t ]*([\t\x20-\x7e\x80-\xff]*)$/;
const CHUNK_SIZE = /^([\da-f]{1,8})(?:[\t ]*;.*)?\r\n$/i;

export interface HttpRequest {
  readonly method: string;
  readonly target: string;
  /** By their lower-case names. Repeated headers are joined by commas. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: Uint8Array;
  /** Whether the peer may send another request on this connection. */
  readonly keepAlive: boolean;
}

/** A request that cannot be answered as requested. The connection is unusable after that. */
export class HttpError extends Error {
  override name = "HttpError";
  readonly status: number;

  constructor(message: string, options: ErrorOptions & { readonly status: number }) {
    super(message, options);
    this.status = options.status;
  }
}

/**
 * Reads a request. Returns undefined at the end of the stream. Calls `onExpect` when the peer waits
 * for permission to send the body.
 *
 * @throws HttpError if the request is malformed, too large or not supported
 */
export function* readRequest(
  reader: StreamReader,
  onExpect: () => void,
): Coroutine<HttpRequest | undefined> {
  const head = yield* readHead(reader);
  if (head === undefined) return undefined;
  const [requestLine, ...lines] = head.split("\r\n");
  const [, method = "", target = "", major, minor] = REQUEST_LINE.exec(requestLine as string) ?? [];
  if (method === "") throw new HttpError("Malformed request line", { status: 400 });
  if (major !== "1") throw new HttpError("Only HTTP/1.x is supported", { status: 505 });
  const isOld = minor === "0";
  const headers = parseFields(lines);
  const host = headers.get("host");
  if (host?.includes(",") || (host === undefined && !isOld)) {
    throw new HttpError("Expected exactly one Host", { status: 400 });
  }
  const connection = headers.get("connection")?.toLowerCase() ?? "";
  const keepAlive = isOld ? connection.includes("keep-alive") : !connection.includes("close");
  const body = yield* readBody(reader, headers, isOld, onExpect);
  return { method, target, headers, body, keepAlive };
}

function* readHead(reader: StreamReader): Coroutine<string | undefined> {
  for (;;) {
    try {
      const bytes = yield* reader.readuntil(HEAD_END);
      // Empty lines before a request are ignored.
      const head = textOf(bytes, bytes.length - HEAD_END.length).replace(/^(\r\n)+/, "");
      if (head !== "") return head;
    } catch (error) {
      if (error instanceof LimitOverrunError) {
        throw new HttpError(`Expected a head of at most ${LONGEST_HEAD} bytes`, {
          status: 431,
          cause: error,
        });
      }
      if (!(error instanceof IncompleteReadError)) throw error;
      if (textOf(error.partial).trim() === "") return undefined;
      throw new HttpError("The request ended within its head", { status: 400, cause: error });
    }
  }
}

function parseFields(lines: readonly string[]): Map<string, string> {
  const headers = new Map<string, string>();
  for (const line of lines) {
    const [, name, value] = FIELD.exec(line) ?? [];
    if (name === undefined || value === undefined) {
      throw new HttpError("Malformed header", { status: 400 });
    }
    const key = name.toLowerCase();
    const before = headers.get(key);
    headers.set(key, before === undefined ? value.trimEnd() : `${before}, ${value.trimEnd()}`);
  }
  return headers;
}

function* readBody(
  reader: StreamReader,
  headers: ReadonlyMap<string, string>,
  isOld: boolean,
  onExpect: () => void,
): Coroutine<Uint8Array> {
  const length = headers.get("content-length");
  const coding = headers.get("transfer-encoding");
  if (length === undefined && coding === undefined) return NOTHING;
  if (coding !== undefined && (length !== undefined || isOld)) {
    throw new HttpError("The length of the body is ambiguous", { status: 400 });
  }
  if (coding !== undefined && coding.toLowerCase() !== "chunked") {
    throw new HttpError("Only the chunked transfer coding is supported", { status: 501 });
  }
  if (length !== undefined && !/^\d+$/.test(length)) {
    throw new HttpError("Malformed Content-Length", { status: 400 });
  }
  checkBody(Number(length ?? 0));
  if (headers.get("expect")?.toLowerCase() === "100-continue" && length !== "0") onExpect();
  try {
    return yield* length === undefined ? readChunks(reader) : reader.readexactly(Number(length));
  } catch (error) {
    if (error instanceof LimitOverrunError) {
      throw new HttpError("Malformed chunk", { status: 400, cause: error });
    }
    if (!(error instanceof IncompleteReadError)) throw error;
    throw new HttpError("The request ended within its body", { status: 400, cause: error });
  }
}

function* readChunks(reader: StreamReader): Coroutine<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for (let total = 0; ; ) {
    const [, digits] = CHUNK_SIZE.exec(textOf(yield* reader.readuntil(LINE_END))) ?? [];
    if (digits === undefined) throw new HttpError("Malformed chunk size", { status: 400 });
    const size = Number.parseInt(digits, 16);
    if (size === 0) break;
    total += size;
    checkBody(total);
    chunks.push(yield* reader.readexactly(size));
    if (textOf(yield* reader.readexactly(2)) !== "\r\n") {
      throw new HttpError("A chunk is longer than its size", { status: 400 });
    }
  }
  yield* skipTrailer(reader);
  return Buffer.concat(chunks);
}

/** Reads the end of a chunked body: optional trailers, which are ignored, and an empty line. */
function* skipTrailer(reader: StreamReader): Coroutine<void> {
  for (let left = LONGEST_HEAD; ; ) {
    const { length } = yield* reader.readuntil(LINE_END);
    if (length === LINE_END.length) return;
    left -= length;
    if (left < 0)
      throw new HttpError(`Expected trailers of at most ${LONGEST_HEAD} bytes`, { status: 431 });
  }
}

function checkBody(length: number): void {
  if (length > LONGEST_BODY)
    throw new HttpError(`Expected a body of at most ${LONGEST_BODY} bytes`, { status: 413 });
}

/** Decodes bytes as text, with one character per byte. */
function textOf(bytes: Uint8Array, length = bytes.length): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, length).toString("latin1");
}
