// Writes the core's bytes into a module, so that the package compiles it synchronously, without a
// request and in every bundler.

import { readFileSync, writeFileSync } from "node:fs";

const bytes = readFileSync("build/core.wasm");

// The character for each value of four bits: its code ends with these bits, so decoding needs no
// table. gzip has short codes for characters that are frequent in minified JavaScript, so they take
// a tenth less than hexadecimal digits. Base64 compresses worse than both, because repeated bytes
// don't stay repeated text.
const ALPHABET = "parstefwhi:;,=no";

const characters = [...bytes.toString("hex")].map((digit) => ALPHABET[Number.parseInt(digit, 16)]);

// The annotation keeps the literal, and so all the bytes, out of the declarations.
writeFileSync(
  "src/core/bytes.ts",
  `// Generated from build/core.wasm by .ci/embedCore.mjs: two characters for each byte.
export const CORE: string = "${characters.join("")}";
`,
);
