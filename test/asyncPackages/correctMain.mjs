// node test/asyncPackages/correctMain.mjs: correct packages do the same with marked awaits as
// without, and exploring what uses them raises no false alarm.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

const cwd = fileURLToPath(new URL(".", import.meta.url));
const REGISTER = ["--import", "./register.mjs"];

/** What Node prints. @param {string[]} args */
function printed(args, marked = "all") {
  const env = { ...process.env, MYSYNCIO_MARKED: marked };
  const { stdout, stderr, status } = spawnSync(process.execPath, args, {
    cwd,
    env,
    encoding: "utf8",
  });
  assert.equal(status, 0, `${args.join(" ")} failed:\n${stdout}${stderr}`);
  return stdout;
}

const natively = printed(["same.mjs"]);
assert.equal(printed([...REGISTER, "same.mjs"]), natively);
console.log(`${natively}\nall of these log the same with marked awaits`);
printed([...REGISTER, "falseAlarms.mjs"], "scenarios");
console.log("no false alarm");
