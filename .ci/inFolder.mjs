// Runs a program as if it had been started in a folder, so that it finds the packages there: node
// .ci/inFolder.mjs FOLDER PROGRAM [ARGUMENT ...]

import { spawnSync } from "node:child_process";
import { resolve } from "node:path";

const [folder = "", program = "", ...args] = process.argv.slice(2);
const { status } = spawnSync(process.execPath, [resolve(program), ...args], {
  cwd: folder,
  stdio: "inherit",
});
process.exitCode = status ?? 1;
