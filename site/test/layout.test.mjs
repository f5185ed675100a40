// Each kind of page fits into a phone, a tablet and a desktop, and nothing on it moves by itself.

import assert from "node:assert/strict";
import { test } from "node:test";
import { inBrowsers } from "./inBrowsers.mjs";
import { KINDS } from "./kinds.mjs";

/** @typedef {import("puppeteer-core").Page} Page */

const WIDTHS = [375, 768, 1440];

/** Half of what Web Vitals call good. A button of the bar that gets a longer text moves its neighbours. */
const SMALL_SHIFT = 0.05;

inBrowsers((on) => {
  for (const [path, use] of KINDS) {
    test(`/${path} fits every screen width, before and after it is used`, async () => {
      await on(path, async (page) => {
        for (const width of WIDTHS) assert.deepEqual(await widerThan(page, width), []);
        await use?.(page);
        for (const width of WIDTHS) assert.deepEqual(await widerThan(page, width), []);
      });
    });

    test(`/${path} doesn't shift when it hydrates`, async () => {
      await on(path, async (page) => {
        await page.evaluate(() => new Promise((resolve) => setTimeout(resolve, 500)));
        const start = await page.evaluate(() => {
          dispatchEvent(new Event("pointermove"));
          return performance.now();
        });
        await page.waitForFunction(() => {
          const app = document.querySelector("#app");
          return app !== null && "__vue_app__" in app && app.__vue_app__ !== undefined;
        });
        assert.deepEqual(await shiftsOf(page, start), []);
      });
    });
  }

  test("a layout shift is detected if the browser reports it", async () => {
    await on("guide/structure", async (page) => {
      const isTold = await page.evaluate(() => {
        const space = document.createElement("div");
        space.style.height = "200px";
        document.querySelector(".vp-doc")?.before(space);
        return PerformanceObserver.supportedEntryTypes.includes("layout-shift");
      });
      assert.equal((await shiftsOf(page, 0)).length > 0, isTold);
    });
  });

  test("a closed menu can't be reached by keyboard", async () => {
    await on("guide/structure", async (page) => {
      await page.setViewport({ width: 375, height: 800 });
      const isVisible = () =>
        page.$eval(".VPSidebar a", (link) => getComputedStyle(link).visibility === "visible");
      assert.equal(await isVisible(), false);
      await page.$eval(".VPLocalNav .menu", (button) => {
        /** @type {HTMLElement} */ (button).click();
      });
      await page.waitForSelector(".VPSidebar.open a", { visible: true });
      assert.equal(await isVisible(), true);
    });
  });
});

/** What makes a page scroll sideways. @param {Page} page @param {number} width */
async function widerThan(page, width) {
  await page.setViewport({ width, height: 900 });
  return await page.evaluate(() => {
    const { scrollWidth, clientWidth } = document.documentElement;
    if (scrollWidth <= clientWidth) return [];
    const wide = [...document.querySelectorAll("#app *")].filter(
      (element) => element.getBoundingClientRect().right > clientWidth + 1,
    );
    return [
      `${scrollWidth} of ${clientWidth}`,
      ...wide.slice(0, 5).map(({ outerHTML }) => outerHTML.slice(0, 99)),
    ];
  });
}

/**
 * What has moved since `start`, where the browser says so.
 *
 * @param {Page} page
 * @param {number} start
 * @returns {Promise<string[]>}
 */
async function shiftsOf(page, start) {
  return await page.evaluate(
    (start, limit) =>
      new Promise((resolve) => {
        if (!PerformanceObserver.supportedEntryTypes.includes("layout-shift")) return resolve([]);
        /** @type {string[]} */
        const found = [];
        new PerformanceObserver((list) => {
          for (const entry of list.getEntries()) {
            const { value, startTime, sources = [] } = /** @type {any} */ (entry);
            const moved = sources.map(
              (/** @type {any} */ { node, previousRect, currentRect }) =>
                `${node?.className} ${JSON.stringify([previousRect, currentRect])}`,
            );
            if (startTime >= start && value > limit)
              found.push(`${value.toFixed(4)} at ${startTime} ms: ${moved.join()}`);
          }
        }).observe({ type: "layout-shift", buffered: true });
        // Buffered entries arrive in a task of their own.
        setTimeout(() => resolve(found), 300);
      }),
    start,
    SMALL_SHIFT,
  );
}
