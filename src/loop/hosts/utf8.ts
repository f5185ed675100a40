// UTF-8 encoding. Jest's jsdom environment lacks TextEncoder, so Node's is used there.

interface Platform {
  readonly process?: { getBuiltinModule?(name: "node:util"): { TextEncoder: typeof TextEncoder } };
}

/** Encodes `text` as UTF-8. */
export function encodeUtf8(text: string): Uint8Array {
  const {
    TextEncoder = (globalThis as Platform).process?.getBuiltinModule?.("node:util").TextEncoder,
  } = globalThis as { TextEncoder?: typeof globalThis.TextEncoder };
  if (TextEncoder === undefined) throw new TypeError("This platform has no TextEncoder");
  return new TextEncoder().encode(text);
}
