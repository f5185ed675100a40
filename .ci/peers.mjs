// Other projects' programs that tests talk to. If one is missing and can't be installed, the tests
// that need it are skipped, and their titles name it.

import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { run } from "./shell.mjs";

/** Each with a check of what it can do, and the Debian package that contains it. */
const PEERS = [
  { name: "curl", args: ["--version"], package: "curl" },
  { name: "openssl", args: ["version"], package: "openssl" },
  { name: "python3", args: ["-c", "import asyncio, ssl"], package: "python3" },
  // The tests of the fleet fail without it.
  { name: "redis-server", args: ["--version"], package: "redis-server" },
];

/** Whether a program is installed. @param {string} name */
export function hasPeer(name) {
  const peer = PEERS.find((one) => one.name === name);
  if (peer === undefined) throw new Error(`Expected one of the listed programs, got ${name}`);
  return spawnSync(name, peer.args, { stdio: "ignore" }).status === 0;
}

/**
 * Installs the missing ones where the machine allows it. Returns the names of those that are still
 * missing.
 */
export function installPeers() {
  const missing = PEERS.filter(({ name }) => !hasPeer(name));
  if (missing.length > 0 && existsSync("/etc/debian_version") && process.getuid?.() === 0) {
    process.env["DEBIAN_FRONTEND"] = "noninteractive";
    const packages = missing.map((peer) => peer.package).join(" ");
    run(`apt-get -qq update && apt-get -qq install --no-install-recommends ${packages}`);
  }
  return missing.map(({ name }) => name).filter((name) => !hasPeer(name));
}
