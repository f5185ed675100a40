// The front page and the search, in real browsers and under the pages' own policies.

import assert from "node:assert/strict";
import { test } from "node:test";
import { inBrowsers, press, waitForText } from "./inBrowsers.mjs";

const STATE = "my-demo .panel > .state";

inBrowsers((on) => {
  test("a page hydrates once the reader interacts with it, and loses no click", async () => {
    await on("guide/structure", async (page) => {
      const isStarted = () =>
        page.$eval("#app", (app) => "__vue_app__" in app && app.__vue_app__ !== undefined);
      const isDark = () => page.$eval("html", ({ classList }) => classList.contains("dark"));
      assert.equal(await isStarted(), false);
      const before = await isDark();
      await page.$eval(".VPSwitchAppearance", (button) =>
        /** @type {HTMLElement} */ (button).click(),
      );
      await page.waitForFunction(
        (wasDark) => document.documentElement.classList.contains("dark") !== wasDark,
        {},
        before,
      );
      assert.equal(await isStarted(), true);
    });
  });

  test("the search shortcut opens the search, even as the first interaction", async () => {
    await on("guide/structure", async (page) => {
      await page.keyboard.down("Control");
      await page.keyboard.press("k");
      await page.keyboard.up("Control");
      await page.waitForSelector(".VPLocalSearchBox input");
    });
  });

  test("the front page's downloads are cancelled by its button", async () => {
    await on("", async (page) => {
      await press(page, "Run it");
      await page.waitForSelector("my-demo li[data-state=running]");
      await press(page, "Cancel");
      await waitForText(page, STATE, "CancelledError");
      await waitForText(page, STATE, "(wasm core)");
      assert.equal((await page.$$("my-demo li[data-state=running]")).length, 0);
      assert.notEqual((await page.$$("my-demo li[data-state=cancelled]")).length, 0);
    });
  });

  test("the front page's downloads end with their timeout", async () => {
    await on("", async (page) => {
      await press(page, "Run it");
      await waitForText(page, STATE, "TimeoutError");
      assert.equal((await page.$$("my-demo li[data-state=running]")).length, 0);
    });
  });

  test("a page that forbids WebAssembly runs on the reference core", async () => {
    const use = async (/** @type {import("puppeteer-core").Page} */ page) => {
      await press(page, "Run it");
      await waitForText(page, STATE, "(js core)");
    };
    // Firefox reports that it obeyed.
    await on("without-wasm", use, "blocked WebAssembly");
  });

  test("the search finds a function of the reference", async () => {
    await on("guide/", async (page) => {
      await page.$eval(".VPNavBarSearch button", (button) =>
        /** @type {HTMLElement} */ (button).click(),
      );
      await page.waitForSelector(".VPLocalSearchBox input");
      await page.type(".VPLocalSearchBox input", "moveOnAfter");
      await page.waitForSelector('.VPLocalSearchBox a[href*="moveOnAfter"]');
    });
  });
});
