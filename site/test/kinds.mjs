// A page of each kind, and how a reader uses it.

import { press } from "./inBrowsers.mjs";

/** @typedef {import("puppeteer-core").Page} Page */

/** @type {[path: string, use?: (page: Page) => Promise<void>][]} */
export const KINDS = [
  [
    "",
    async (page) => {
      await page.waitForSelector("my-demo[data-ready]");
    },
  ],
  [
    "tutorial/task",
    async (page) => {
      await page.waitForSelector("my-lab[data-ready]");
      await press(page, "Edit");
      await page.waitForSelector(".cm-content");
      await press(page, "Run");
      await page.waitForSelector(".output[data-state=ended]");
    },
  ],
  [
    "tutorial/core",
    async (page) => {
      await page.waitForSelector("my-core[data-ready]");
    },
  ],
  [
    "playground",
    async (page) => {
      await page.waitForSelector("my-playground[data-ready]");
      await page.select("my-playground select", "Explore: a cache with a bug");
      await press(page, "Run");
      await page.waitForSelector(".timeline");
    },
  ],
  ["guide/cancellation"],
  ["guide/compatibility"],
  ["source/examples"],
  ["reference/mysyncio/functions/taskGroup"],
  ["reference/mysyncio/classes/EventLoop"],
  ["without-wasm"],
];
