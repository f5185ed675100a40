// Runs commands for the scripts in this folder: from the root of the project, with the tools of
// node_modules first on the path, and with their output passed through.

import { spawnSync } from "node:child_process";
import { delimiter, resolve } from "node:path";

process.chdir(resolve(import.meta.dirname, ".."));
process.env["PATH"] = resolve("node_modules/.bin") + delimiter + process.env["PATH"];

/**
 * Runs `command` in a shell. Returns whether it succeeded.
 *
 * @param {string} command
 */
export function run(command) {
  return spawnSync(command, { shell: true, stdio: "inherit" }).status === 0;
}
