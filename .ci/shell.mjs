// How the scripts here call commands: from the root of the project, the tools
// of node_modules first on the path, output passed through.

import { spawnSync } from "node:child_process";
import { delimiter, resolve } from "node:path";

process.chdir(resolve(import.meta.dirname, ".."));
process.env["PATH"] = resolve("node_modules/.bin") + delimiter + process.env["PATH"];

/**
 * Runs `command` in a shell and says whether it succeeded.
 *
 * @param {string} command
 */
export function run(command) {
  return spawnSync(command, { shell: true, stdio: "inherit" }).status === 0;
}
