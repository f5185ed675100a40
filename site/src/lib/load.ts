// Turns the text of a program into a module: removes the types, points its imports to the modules
// next to this one, and imports the result.

import { init, parse } from "es-module-lexer/js";
import { transform } from "sucrase";

const MODULES = new Map([
  ["mysyncio", "mysyncio.js"],
  ["mysyncio/testing", "testing.js"],
  ["stage", "stage.js"],
]);

/**
 * Runs a program to its end. Returns its exports.
 *
 * @throws what it throws, or a SyntaxError if it can't be read or imports something else.
 */
export async function load(program: string): Promise<Record<string, unknown>> {
  const { code } = transform(program, { transforms: ["typescript"], disableESTransforms: true });
  const url = URL.createObjectURL(new Blob([await linked(code)], { type: "text/javascript" }));
  try {
    return (await import(/* @vite-ignore */ url)) as Record<string, unknown>;
  } finally {
    URL.revokeObjectURL(url);
  }
}

async function linked(code: string): Promise<string> {
  await init;
  const [imports] = parse(code);
  let text = code;
  for (const { specifier: name, start, end, type } of [...imports].reverse()) {
    if (typeof name !== "string") continue;
    const file = MODULES.get(name);
    if (file === undefined) {
      const known = [...MODULES.keys()].map((key) => `"${key}"`).join(", ");
      throw new SyntaxError(`A program on this page can import ${known}, got "${name}"`);
    }
    const target = JSON.stringify(new URL(file, BASE).href);
    // For a dynamic import, `start` and `end` include the quotes.
    const quoted = type === "dynamic" ? target : target.slice(1, -1);
    text = text.slice(0, start) + quoted + text.slice(end);
  }
  return text;
}

/** The folder of these modules. This code may be in a chunk, but chunks are in the same folder. */
const BASE = new URL(".", import.meta.url);
