// Programs of others that tests talk to. Where one is missing and cannot be
// installed, what needs it says so by its title.

import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { run } from "./shell.mjs";

/** Each with what it can do if it is there, and the package of Debian that holds it. */
const PEERS = [
  { name: "curl", args: ["--version"], package: "curl" },
  { name: "openssl", args: ["version"], package: "openssl" },
  { name: "python3", args: ["-c", "import asyncio, ssl"], package: "python3" },
];

/** Whether a program is on this machine. @param {string} name */
export function hasPeer(name) {
  const peer = PEERS.find((one) => one.name === name);
  if (peer === undefined) throw new Error(`Expected a program that is known here, got ${name}`);
  return spawnSync(name, peer.args, { stdio: "ignore" }).status === 0;
}

/** Installs those that are missing, where the machine allows it. Names those that are missing then. */
export function installPeers() {
  const missing = PEERS.filter(({ name }) => !hasPeer(name));
  if (missing.length > 0 && existsSync("/etc/debian_version") && process.getuid?.() === 0) {
    process.env["DEBIAN_FRONTEND"] = "noninteractive";
    const packages = missing.map((peer) => peer.package).join(" ");
    run(`apt-get -qq update && apt-get -qq install --no-install-recommends ${packages}`);
  }
  return missing.map(({ name }) => name).filter((name) => !hasPeer(name));
}
