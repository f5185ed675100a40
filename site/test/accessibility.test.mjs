// axe-core finds nothing to complain about on each kind of page, in both themes, and with what
// programs add to a page.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { at } from "../prepare/places.mjs";
import { inBrowsers } from "./inBrowsers.mjs";
import { KINDS } from "./kinds.mjs";

/** @typedef {import("puppeteer-core").Page} Page */

const AXE = readFileSync(at("site/test/node_modules/axe-core/axe.min.js"), "utf8");

/** What a narrow page hides, a wide one has. */
const SHOWN = [
  { theme: "light", width: 1440 },
  { theme: "dark", width: 375 },
];

inBrowsers((on) => {
  for (const [path, use] of KINDS) {
    test(`axe-core accepts /${path}`, async () => {
      await on(path, async (page) => {
        await use?.(page);
        /** @type {string[]} */
        const found = [];
        for (const { theme, width } of SHOWN) {
          await page.setViewport({ width, height: 900 });
          await page.evaluate((isDark) => {
            document.documentElement.classList.toggle("dark", isDark);
          }, theme === "dark");
          found.push(...(await violations(page)).map((text) => `${theme}, ${width} px: ${text}`));
        }
        assert.deepEqual(found, []);
      });
    });
  }
});

/** @param {Page} page */
async function violations(page) {
  // Not a script of the page, so the page's policy doesn't apply.
  await page.evaluate(AXE);
  return await page.evaluate(async () => {
    // Browsers style what is below the screen when it comes into view.
    for (const element of document.querySelectorAll('div[class*="language-"]')) {
      /** @type {HTMLElement} */ (element).style.contentVisibility = "visible";
    }
    document.body.getBoundingClientRect();
    // Colours that fade are not those that a reader sees.
    for (const animation of document.getAnimations()) {
      // Cursors blink forever.
      if (animation.effect?.getComputedTiming().endTime !== Infinity) animation.finish();
    }
    const { axe } = /** @type {{ axe: typeof import("axe-core") }} */ (
      /** @type {unknown} */ (window)
    );
    const result = await axe.run(document, { resultTypes: ["violations"] });
    return result.violations.flatMap(({ id, help, nodes }) =>
      nodes.map(({ target, failureSummary = "" }) =>
        `${id}: ${help}: ${target.join(" ")}: ${failureSummary.replaceAll(/\s+/g, " ")}`.slice(
          0,
          400,
        ),
      ),
    );
  });
}
