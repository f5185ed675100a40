// npm run site:test: the types of the site's code, then its tests.

import { readdirSync } from "node:fs";
import { run } from "../../.ci/shell.mjs";

const tests = readdirSync("site/test").filter((name) => name.endsWith(".test.mjs"));
const commands = [
  "site/node_modules/.bin/tsc -p site/src",
  // One after the other, because each drives browsers.
  `node --test --test-concurrency=1 --test-reporter=spec ${tests.map((name) => `site/test/${name}`).join(" ")}`,
];
const failed = commands.filter((command) => !run(command));
if (failed.length > 0) {
  console.error(`Failed:\n  ${failed.join("\n  ")}`);
  process.exitCode = 1;
}
