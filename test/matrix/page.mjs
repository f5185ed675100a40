// A page in a real browser. A server on loopback serves it, and receives its results.

import { existsSync, readFileSync, statSync } from "node:fs";
import { createServer } from "node:http";
import { extname, join, normalize } from "node:path";
import { findBrowser } from "../../.ci/browser.mjs";
import { run } from "../../.ci/shell.mjs";
import { kill } from "./project.mjs";
import { Unavailable } from "./row.mjs";

/** Milliseconds until a page that has sent nothing counts as failed. */
const PATIENCE = 90_000;

/** @type {Record<string, string>} */
const TYPES = {
  ".html": "text/html",
  ".js": "text/javascript",
  ".mjs": "text/javascript",
  ".css": "text/css",
  ".wasm": "application/wasm",
  // Like most servers: a file that a bundler left as TypeScript does not load.
  ".ts": "video/mp2t",
};

/** An uncaught error becomes the result. */
const WATCH = `<script>
addEventListener("error", (event) => fail(event.message || "A script did not load"), true);
addEventListener("unhandledrejection", (event) => fail(String(event.reason)));
function fail(page) {
  fetch("/results", { method: "POST", body: JSON.stringify({ page }) });
}
</script>`;

/** @param {string} script */
export const htmlOf = (script) =>
  `<!doctype html><html><head><meta charset="utf-8"><title>matrix</title></head><body>${script}</body></html>\n`;

/**
 * Opens the index.html of a folder in a browser, and returns the results that it sends.
 *
 * @param {import("./project.mjs").Project} project
 * @param {Browser} browser
 * @param {{ folder: string, isolated?: boolean, resolve?: (source: string) => string }} site
 * `isolated` is cross-origin
 *   isolated; `resolve` rewrites imports that no bundler has resolved.
 * @returns {Promise<import("./row.mjs").Results>}
 */
export async function resultsOfPage(project, browser, { folder, isolated = false, resolve }) {
  const { command, args, env } = browser;
  /** @type {(results: import("./row.mjs").Results) => void} */
  let finish = () => undefined;
  /** @type {Promise<import("./row.mjs").Results>} */
  const results = new Promise((done) => {
    finish = done;
  });
  const server = createServer((request, response) => {
    const path = normalize(new URL(request.url ?? "/", "http://localhost").pathname);
    if (request.method === "POST") {
      let body = "";
      request.setEncoding("utf8").on("data", (text) => {
        body += text;
      });
      request.on("end", () => {
        response.end();
        finish(JSON.parse(body));
      });
      return;
    }
    if (isolated) {
      response.setHeader("Cross-Origin-Opener-Policy", "same-origin");
      response.setHeader("Cross-Origin-Embedder-Policy", "require-corp");
    }
    const file = join(folder, path === "/" ? "index.html" : path);
    const isFile = statSync(file, { throwIfNoEntry: false })?.isFile();
    project.log += `${isFile ? 200 : 404} ${path}\n`;
    if (!isFile) {
      response.writeHead(404).end();
      return;
    }
    response.setHeader("Content-Type", TYPES[extname(file)] ?? "application/octet-stream");
    const content = readFileSync(file);
    if (path === "/")
      response.end(content.toString().replace(/<body[^>]*>|$/, (tag) => tag + WATCH));
    else if (resolve && file.endsWith(".js")) response.end(resolve(content.toString()));
    else response.end(content);
  });
  await new Promise((done) => server.listen(0, "127.0.0.1", () => done(undefined)));
  const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
  const profile = project.file("profile");
  project.write("profile/.keep", "");
  const child = project.start(command, args(profile, `http://127.0.0.1:${port}/`), env, false);
  const ended = new Promise((_, reject) => {
    child.on("error", reject);
    child.on("close", () => reject(new Error(`${command} ended without results`)));
  });
  /** @type {NodeJS.Timeout | undefined} */
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`No results after ${PATIENCE} ms`)), PATIENCE);
  });
  try {
    return /** @type {import("./row.mjs").Results} */ (await Promise.race([results, ended, late]));
  } finally {
    clearTimeout(timer);
    ended.catch(() => undefined);
    kill(child);
    server.closeAllConnections();
    server.close();
  }
}

/**
 * @typedef {object} Browser
 * @property {string} command
 * @property {(profile: string, url: string) => string[]} args
 * @property {Record<string, string>} env
 * @property {string[]} version The command that prints its version.
 */

/** @returns {Browser} */
export function chromium() {
  const command = findBrowser();
  if (command === undefined)
    throw new Unavailable("there is no Chromium; MYSYNCIO_BROWSER names one");
  return {
    command,
    args: (profile, url) => [
      ...["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-quic"],
      ...["--disable-background-networking", "--disable-component-update", "--disable-sync"],
      ...[`--user-data-dir=${profile}`, url],
    ],
    env: {},
    version: [command, "--version"],
  };
}

/** @returns {Browser} */
export function firefox() {
  const command = find("firefox-esr", ["/usr/bin/firefox-esr"]);
  return {
    command,
    args: (profile, url) => ["--headless", "--no-remote", "--profile", profile, url],
    env: {},
    version: [command, "--version"],
  };
}

/** On its own display, because it has no headless mode. @returns {Browser} */
export function webkit() {
  const libraries = ["x86_64", "aarch64"].map((machine) => `/usr/lib/${machine}-linux-gnu`);
  const command = find(
    "webkit2gtk-driver",
    libraries.map((folder) => `${folder}/webkit2gtk-4.1/MiniBrowser`),
  );
  const display = find("xvfb", ["/usr/bin/xvfb-run"]);
  find("xauth", ["/usr/bin/xauth"]);
  return {
    command: display,
    args: (_, url) => ["-a", command, "--private", url],
    env: { WEBKIT_DISABLE_COMPOSITING_MODE: "1" },
    version: [display, "-a", command, "--version"],
  };
}

/**
 * Finds a program of a Debian package, and first installs it if it is missing and the machine
 * allows that.
 *
 * @param {string} name
 * @param {string[]} places
 */
function find(name, places) {
  const found = () => places.find((path) => existsSync(path));
  const isRoot = existsSync("/etc/debian_version") && process.getuid?.() === 0;
  if (found() === undefined && isRoot) {
    process.env["DEBIAN_FRONTEND"] = "noninteractive";
    run(`apt-get -qq update && apt-get -qq install --no-install-recommends ${name}`);
  }
  const place = found();
  if (place === undefined) {
    throw new Unavailable(
      `Debian's package ${name} is not here, and is installed on Debian by root only`,
    );
  }
  return place;
}
