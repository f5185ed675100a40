// Opens a built program in a real browser.

import { existsSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import { extname, join } from "node:path";
import { chromium } from "playwright";
import { findBrowser } from "../../.ci/browser.mjs";

/** @type {Record<string, string>} */
const TYPES = { ".html": "text/html", ".js": "text/javascript", ".mjs": "text/javascript" };
const PATIENCE = 30_000;

/** The results of the program in `app` if all is well. */
export const EXPECTED = [
  ...[6, 28, 496, "slept", "TimeoutError"],
  "The worker serves no task named `nothing`, only nap, search, wait",
];

/**
 * Serves `folder`, and returns the results of its page.
 *
 * @param {string} folder
 * @returns {Promise<unknown>}
 */
export async function findingsIn(folder) {
  const server = createServer(({ url = "/" }, response) => {
    const { pathname } = new URL(url, "http://localhost");
    const file = join(folder, pathname === "/" ? "index.html" : pathname);
    if (!existsSync(file)) response.writeHead(404).end();
    else {
      const type = TYPES[extname(file)] ?? "application/octet-stream";
      response.writeHead(200, { "Content-Type": type }).end(readFileSync(file));
    }
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(undefined)));
  const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
  try {
    return await findingsAt(`http://127.0.0.1:${port}/`);
  } finally {
    server.close();
  }
}

/**
 * The results of the page at `url`.
 *
 * @param {string} url
 * @returns {Promise<unknown>}
 */
export async function findingsAt(url) {
  const executablePath = findBrowser();
  const browser = await chromium.launch({
    ...(executablePath && { executablePath }),
    args: ["--no-sandbox"],
  });
  try {
    const page = await browser.newPage();
    /** @type {string[]} */
    const errors = [];
    page.on("pageerror", (error) => errors.push(String(error)));
    page.on("console", (message) => {
      if (message.type() === "error") errors.push(message.text());
    });
    await page.goto(url);
    const found = page.waitForFunction("globalThis.findings", undefined, { timeout: PATIENCE });
    await found.catch((cause) => {
      throw new Error(`The page sent no results: ${errors.join("\n")}`, { cause });
    });
    return await page.evaluate("globalThis.findings");
  } finally {
    await browser.close();
  }
}
