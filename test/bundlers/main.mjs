// node test/bundlers/main.mjs [--package FOLDER] [BUNDLER ...]: builds the program in `app` with
// each bundler, opens it in a browser, and checks that its threads work. FOLDER contains the
// installed package, by default this project.

import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { isDeepStrictEqual, parseArgs } from "node:util";
import { EXPECTED, findingsIn } from "./browse.mjs";
import { BUILDS, copyApp } from "./build.mjs";

const PROJECT = fileURLToPath(new URL("../..", import.meta.url));
/** Bundlers that also accept a worker's module in TypeScript. */
const TYPESCRIPT_WORKERS = ["vite", "webpack", "rspack"];

const { values, positionals } = parseArgs({
  options: { package: { type: "string", default: PROJECT } },
  allowPositionals: true,
});
const chosen = positionals.length > 0 ? positionals : Object.keys(BUILDS);

for (const name of chosen) {
  const build = BUILDS[name];
  if (build === undefined) throw new Error(`Expected one of ${Object.keys(BUILDS)}, got ${name}`);
  for (const isTypeScript of TYPESCRIPT_WORKERS.includes(name) ? [false, true] : [false]) {
    const what = `${name}, a worker in ${isTypeScript ? "TypeScript" : "JavaScript"}`;
    const folder = mkdtempSync(join(tmpdir(), `mysyncio-${name}-`));
    try {
      copyApp(folder, isTypeScript);
      mkdirSync(join(folder, "node_modules"));
      symlinkSync(resolve(values.package), join(folder, "node_modules", "mysyncio"), "junction");
      const findings = await findingsIn(await build(folder));
      const isRight = isDeepStrictEqual(findings, EXPECTED);
      console.log(`${isRight ? "ok  " : "FAIL"} ${what}`);
      if (!isRight) console.log(findings);
      if (!isRight) process.exitCode = 1;
    } catch (error) {
      console.log(`FAIL ${what}`, error);
      process.exitCode = 1;
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }
}
