// Installs the frameworks that the adapters are tested with, unless they are. They have their own
// lock file. Runs before the tests, so that these can import them.

import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

export default function installFrameworks(): void {
  execFileSync(process.execPath, [".ci/setup.mjs", "test/adapters"], { cwd: ROOT });
}
