// Programs in the fragment of an address: `#1.` and the program's JSON, compressed, in base64url.
//
// Browsers don't send fragments to servers. Whoever makes a link may put anything there, so a
// fragment is only ever text for the editor: nothing runs before the reader says so.

export interface Shared {
  readonly program: string;
  readonly tab: "run" | "inspect" | "explore";
  readonly clock: "real" | "virtual";
  readonly strategy: "random" | "pct" | "exhaustive";
}

const VERSION = "1.";
const LONGEST_FRAGMENT = 100_000;
const LONGEST_PROGRAM = 200_000;

const CHOICES = {
  tab: ["run", "inspect", "explore"],
  clock: ["real", "virtual"],
  strategy: ["random", "pct", "exhaustive"],
} as const;

export async function toFragment(shared: Shared): Promise<string> {
  const bytes = new TextEncoder().encode(JSON.stringify(shared));
  const packed = await bytesOf(through(bytes, new CompressionStream("deflate-raw")), Infinity);
  const text = btoa(Array.from(packed, (byte) => String.fromCharCode(byte)).join(""));
  return `#${VERSION}${text.replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "")}`;
}

/**
 * Returns what a fragment shares, or `undefined` if it shares nothing.
 *
 * @throws Error if it is damaged.
 */
export async function fromFragment(fragment: string): Promise<Shared | undefined> {
  const text = fragment.replace(/^#/, "");
  if (!text.startsWith(VERSION)) return undefined;
  if (text.length > LONGEST_FRAGMENT) throw new RangeError("It is too long");
  const digits = text.slice(VERSION.length).replaceAll("-", "+").replaceAll("_", "/");
  const packed = Uint8Array.from(atob(digits), (character) => character.charCodeAt(0));
  const stream = through(packed, new DecompressionStream("deflate-raw"));
  const bytes = await bytesOf(stream, LONGEST_PROGRAM);
  return checked(JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes)));
}

function checked(value: unknown): Shared {
  if (typeof value !== "object" || value === null) throw new TypeError("It is not a program");
  const { program, tab, clock, strategy } = value as Record<keyof Shared, unknown>;
  if (typeof program !== "string") throw new TypeError("It has no program");
  return {
    program,
    tab: oneOf(CHOICES.tab, tab),
    clock: oneOf(CHOICES.clock, clock),
    strategy: oneOf(CHOICES.strategy, strategy),
  };
}

function oneOf<Choice>(choices: readonly Choice[], value: unknown): Choice {
  const found = choices.find((choice) => choice === value);
  if (found === undefined) throw new RangeError(`It has the unknown choice ${String(value)}`);
  return found;
}

function through(
  bytes: Uint8Array<ArrayBuffer>,
  transform: CompressionStream | DecompressionStream,
): ReadableStream<Uint8Array> {
  return new Blob([bytes]).stream().pipeThrough(transform);
}

/** Reads a stream. A small fragment may unpack to very much, so it stops at a limit. */
async function bytesOf(stream: ReadableStream<Uint8Array>, limit: number): Promise<Uint8Array> {
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  let size = 0;
  const reader = stream.getReader();
  for (let chunk = await reader.read(); !chunk.done; chunk = await reader.read()) {
    size += chunk.value.length;
    if (size > limit) {
      await reader.cancel();
      throw new RangeError("It is too long");
    }
    chunks.push(chunk.value as Uint8Array<ArrayBuffer>);
  }
  return new Uint8Array(await new Blob(chunks).arrayBuffer());
}
