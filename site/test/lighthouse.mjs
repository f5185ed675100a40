// npm run site:lighthouse: audits pages of the built site with Lighthouse. Fails below 95 of 100.
//
// Not a part of site:test, because the figure for performance depends on what else the machine does.

import { parseArgs } from "node:util";
import lighthouse, { desktopConfig } from "lighthouse";
import { launch } from "puppeteer-core";
import { chromium } from "./browsers.mjs";
import { serveSite } from "./server.mjs";

const PAGES = [
  ...["", "guide/testing", "tutorial/deque", "playground"],
  "reference/mysyncio/functions/taskGroup",
];
const LOWEST = 95;

const { values, positionals } = parseArgs({
  options: { desktop: { type: "boolean", default: false } },
  allowPositionals: true,
});

const site = await serveSite();
const browser = await launch({
  executablePath: chromium(),
  args: ["--no-sandbox", "--disable-gpu"],
});
try {
  for (const path of positionals.length > 0 ? positionals : PAGES) {
    const page = await browser.newPage();
    const config = values.desktop ? desktopConfig : undefined;
    const result = await lighthouse(`${site.url}${path}`, { logLevel: "error" }, config, page);
    if (result === undefined) throw new Error(`Lighthouse has no result for /${path}`);
    const { categories, audits } = result.lhr;
    const scores = Object.values(categories).map(({ title, score }) => ({
      title,
      score: Math.round((score ?? 0) * 100),
    }));
    console.log(`/${path}: ${scores.map(({ title, score }) => `${title} ${score}`).join(", ")}`);
    if (scores.some(({ score }) => score < LOWEST)) {
      process.exitCode = 1;
      for (const { title, score, displayValue = "" } of Object.values(audits)) {
        if (score !== null && score < 0.9) console.log(`  ${title} ${displayValue}`);
      }
    }
    await page.close();
  }
} finally {
  await browser.close();
  site.close();
}
