// The browsers that the site is tested in: the Chromium of the project's tests, and Firefox ESR.

import { existsSync } from "node:fs";
import { launch } from "puppeteer-core";
import { findBrowser, installBrowser } from "../../.ci/browser.mjs";
import { run } from "../../.ci/shell.mjs";

/** Pages are slow on a busy machine, so only what hangs takes longer. */
export const PATIENCE = 120_000;

const FIREFOX = "/usr/bin/firefox-esr";

export const BROWSERS = /** @type {const} */ (["chrome", "firefox"]);

/** @param {typeof BROWSERS[number]} browser */
export function open(browser) {
  const executablePath = browser === "chrome" ? chromium() : firefox();
  return launch({
    browser,
    executablePath,
    headless: true,
    protocolTimeout: PATIENCE,
    timeout: PATIENCE,
    args: browser === "chrome" ? ["--no-sandbox", "--disable-gpu", "--disable-quic"] : [],
  });
}

/** The program of the Chromium that is found or can be installed. */
export function chromium() {
  const found = findBrowser() ?? installBrowser();
  if (found === undefined) throw new Error("There is no Chromium, see CONTRIBUTING.md");
  return found;
}

function firefox() {
  const found = process.env["MYSYNCIO_FIREFOX"] ?? FIREFOX;
  if (!existsSync(found) && process.getuid?.() === 0) {
    run("apt-get -qq update && apt-get -qq install --no-install-recommends firefox-esr");
  }
  if (!existsSync(found)) {
    throw new Error("There is no Firefox ESR. MYSYNCIO_FIREFOX names the program of another one");
  }
  return found;
}

/**
 * Opens a page that fails the test if it reports an error, breaks its policy, or loads anything
 * from elsewhere.
 *
 * @param {import("puppeteer-core").Browser} browser
 * @param {string} url
 * @returns {Promise<{ page: import("puppeteer-core").Page, complaints: string[] }>}
 */
export async function visit(browser, url) {
  const page = await browser.newPage();
  page.setDefaultTimeout(PATIENCE);
  /** @type {string[]} */
  const complaints = [];
  page.on("console", (message) => {
    if (message.type() === "error") complaints.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("request", (request) => {
    const { origin, protocol } = new URL(request.url());
    const isLocal = protocol === "blob:" || protocol === "data:";
    if (!isLocal && origin !== new URL(url).origin) complaints.push(`loads ${request.url()}`);
  });
  await page.goto(url, { waitUntil: "load" });
  return { page, complaints };
}
