// The browser that the tests run in: an installed one, otherwise one that the platform's package
// manager can install.

import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { chromium } from "playwright";
import { run } from "./shell.mjs";

const COMMANDS = [
  ...["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"],
  ...["chrome", "msedge", "microsoft-edge"],
];
const MAC_APPS = ["Chromium", "Google Chrome", "Microsoft Edge"];

/** Finds a Chromium-based browser. Returns `undefined` if there is none. */
export function findBrowser() {
  const named = process.env["MYSYNCIO_BROWSER"] || process.env["CHROME_PATH"];
  if (named) return named;
  const folders = (process.env["PATH"] ?? "").split(delimiter);
  return [
    ...COMMANDS.flatMap((command) => folders.map((folder) => join(folder, command))),
    ...MAC_APPS.map((app) => `/Applications/${app}.app/Contents/MacOS/${app}`),
    chromium.executablePath(),
  ].find((path) => existsSync(path));
}

/** Installs a browser. Returns `undefined` if the machine does not allow it. */
export function installBrowser() {
  if (existsSync("/etc/debian_version") && process.getuid?.() === 0) {
    process.env["DEBIAN_FRONTEND"] = "noninteractive";
    run("apt-get -qq update && apt-get -qq install --no-install-recommends chromium");
  }
  return findBrowser() ?? (run("playwright install chromium") ? findBrowser() : undefined);
}
