// Writes the core's bytes into a module, so that the package compiles it
// synchronously, without a request and in every bundler.

import { readFileSync, writeFileSync } from "node:fs";

const bytes = readFileSync("build/core.wasm");

// The annotation keeps the literal, and so all the bytes, out of the declarations.
writeFileSync(
  "src/core/bytes.ts",
  `// Generated from build/core.wasm by .ci/embedCore.mjs.
export const CORE_HEX: string = "${bytes.toString("hex")}";
`,
);
