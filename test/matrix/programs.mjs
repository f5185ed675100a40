// The programs of README.md, taken from the page itself.

import { readFileSync } from "node:fs";
import { transformSync } from "esbuild";

const README = readFileSync(new URL("../../README.md", import.meta.url), "utf8");
/** An import statement, which may span several lines. */
const IMPORTS = /^import [^;]*;\n/gm;

/** A stand-in for a server on the internet that does not answer. */
const SLOW_FETCH = `
const fetch = (_url: string, { signal }: { signal: AbortSignal }): Promise<Response> =>
  new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
`;

/** Each program with the output that is printed after it. */
export const PROGRAMS = [...README.matchAll(/^```ts\n(.*?)^```\n.*?^```text\n(.*?)^```$/gms)].map(
  ([, source = "", output = ""]) => ({
    source: source.includes("fetch(") ? withFetch(source) : source,
    output,
  }),
);

/** @param {string} source */
function withFetch(source) {
  const imports = (source.match(IMPORTS) ?? []).join("");
  return imports + SLOW_FETCH + source.replace(IMPORTS, "");
}

/**
 * A TypeScript module that exports the programs as functions that collect their output, for
 * platforms that cannot run a program as printed.
 */
export function programsModule() {
  const imports = PROGRAMS.flatMap(({ source }) => source.match(IMPORTS) ?? []);
  /** @type {Map<string, Set<string>>} */
  const names = new Map();
  for (const line of imports) {
    const [, list = "", from = ""] = /\{(.*)\} from "(.*)"/s.exec(line) ?? [];
    const known = names.get(from) ?? new Set();
    for (const name of list.split(",")) if (name.trim() !== "") known.add(name.trim());
    names.set(from, known);
  }
  const functions = PROGRAMS.map(({ source, output }) => {
    const body = source.replace(IMPORTS, "");
    return `{\nasync main(console) {\n${body}},\noutput: ${JSON.stringify(output)},\n},\n`;
  });
  const lines = [...names].map(
    ([from, known]) => `import { ${[...known].join(", ")} } from "${from}";\n`,
  );
  return `${lines.join("")}
export const programs = [\n${functions.join("")}];\n`;
}

/**
 * Transpiles TypeScript to JavaScript. Imports of `.ts` files become imports of `.js` files.
 *
 * @param {string} source
 */
export function withoutTypes(source) {
  const { code } = transformSync(source, { loader: "ts", target: "es2022", format: "esm" });
  return code.replace(/(["'])(\.\/\w+)\.ts\1/g, "$1$2.js$1");
}
