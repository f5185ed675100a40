// Tests that run once in each browser, against the built site.

import assert from "node:assert/strict";
import { after, before, describe } from "node:test";
import { BROWSERS, open, PATIENCE, visit } from "./browsers.mjs";
import { serveSite } from "./server.mjs";

/** @typedef {import("puppeteer-core").Page} Page */

/**
 * Opens a page, lets `check` use it, and fails if the page reported an error, other than those that
 * contain `expected`.
 *
 * @typedef {(path: string, check: (page: Page) => Promise<void>, expected?: string) => Promise<void>} On
 */

/** @param {(on: On) => void} define Defines the tests. */
export function inBrowsers(define) {
  for (const name of BROWSERS) {
    describe(name, { timeout: 20 * PATIENCE }, () => {
      /** @type {import("puppeteer-core").Browser} */
      let browser;
      /** @type {Awaited<ReturnType<typeof serveSite>>} */
      let site;

      before(async () => {
        site = await serveSite();
        browser = await open(name);
      });

      after(async () => {
        await browser.close();
        site.close();
      });

      define(async (path, check, expected) => {
        const { page, complaints } = await visit(browser, `${site.url}${path}`);
        try {
          await check(page);
          const isExpected = (/** @type {string} */ text) =>
            expected !== undefined && text.includes(expected);
          assert.deepEqual(
            complaints.filter((text) => !isExpected(text)),
            [],
          );
        } finally {
          await page.close();
        }
      });
    });
  }
}

/** @param {Page} page @param {string} text of the button */
export async function press(page, text) {
  const button = `::-p-xpath(//button[normalize-space()="${text}"][not(@disabled)])`;
  await page.waitForSelector(button);
  await page.$eval(button, (element) => /** @type {HTMLElement} */ (element).click());
}

/** @param {Page} page @param {string} selector @param {string} text */
export async function waitForText(page, selector, text) {
  await page.waitForFunction(
    (where, what) => document.querySelector(where)?.textContent?.includes(what),
    {},
    selector,
    text,
  );
}

/** @param {Page} page @param {string} text that the inspector shows */
export async function waitInInspector(page, text) {
  await page.waitForFunction(
    (what) => {
      const root = document.querySelector("mysyncio-inspector")?.shadowRoot;
      return root?.textContent?.includes(what);
    },
    {},
    text,
  );
}

/** @param {Page} page @param {string} selector */
export function textOf(page, selector) {
  return page.$eval(selector, ({ textContent }) => textContent ?? "");
}
