// The programs of README.md, taken from the page itself.

import { readFileSync } from "node:fs";
import { transformSync } from "esbuild";

const README = readFileSync(new URL("../../README.md", import.meta.url), "utf8");
/** A line of imports, which may stretch over several. */
const IMPORTS = /^import [^;]*;\n/gm;

/** Each program with the output that is printed after it. */
export const PROGRAMS = [...README.matchAll(/^```ts\n(.*?)^```\n.*?^```text\n(.*?)^```$/gms)].map(
  ([, source = "", output = ""]) => ({ source, output }),
);

/**
 * A TypeScript module that exports the programs as functions, for the platforms that run no program as printed: it
 * collects what they print.
 */
export function programsModule() {
  const imports = PROGRAMS.flatMap(({ source }) => source.match(IMPORTS) ?? []);
  const names = imports.flatMap((line) => line.match(/\{(.*)\}/s)?.[1]?.split(",") ?? []);
  const unique = [...new Set(names.map((name) => name.trim()).filter(Boolean))];
  const functions = PROGRAMS.map(({ source, output }) => {
    const body = source.replace(IMPORTS, "");
    return `{\nasync main(console) {\n${body}},\noutput: ${JSON.stringify(output)},\n},\n`;
  });
  return `import { ${unique.join(", ")} } from "mysyncio";\n
export const programs = [\n${functions.join("")}];\n`;
}

/**
 * JavaScript of TypeScript. Imports of `.ts` files become those of `.js` files.
 *
 * @param {string} source
 */
export function withoutTypes(source) {
  const { code } = transformSync(source, { loader: "ts", target: "es2022", format: "esm" });
  return code.replace(/(["'])(\.\/\w+)\.ts\1/g, "$1$2.js$1");
}
