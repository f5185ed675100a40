// Splits bytes into lines. A command and the helper thread of its target exchange JSON, one message
// per line.

const NEWLINE = 10;

/** Collects bytes, and passes each complete line to `onLine`. */
export class LineReader {
  readonly #onLine: (line: string) => void;
  #parts: Buffer[] = [];

  constructor(onLine: (line: string) => void) {
    this.#onLine = onLine;
  }

  add(bytes: Buffer): void {
    let rest = bytes;
    for (let end = rest.indexOf(NEWLINE); end >= 0; end = rest.indexOf(NEWLINE)) {
      const line = Buffer.concat([...this.#parts, rest.subarray(0, end)]).toString();
      this.#parts = [];
      rest = rest.subarray(end + 1);
      this.#onLine(line);
    }
    if (rest.length > 0) this.#parts.push(rest);
  }
}
