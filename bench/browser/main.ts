// npm run bench:browser -- [case ...] [--rounds N] [--json] [--name NAME]: runs the
// platform-neutral cases in a headless browser. npm run bench:page: serves the page that shows
// them.

import { chromium } from "playwright";
import { findBrowser } from "../../.ci/browser.mjs";
import { NEUTRAL } from "../cases.ts";
import { header, type Machine, machine } from "../harness/machine.ts";
import { type Options, optionsOrExit } from "../harness/options.ts";
import { caseText } from "../harness/report.ts";
import { type Results, setUp, writeAll } from "../harness/results.ts";
import type { CaseResult } from "../harness/runCase.ts";
import { servePage } from "./server.ts";

const PORT = 8_017;
const PATIENCE = 300_000;

async function measureAll(options: Options): Promise<void> {
  const { rounds, isJson } = options;
  const executablePath = findBrowser();
  if (executablePath === undefined) throw new Error("No browser found, see CONTRIBUTING.md");
  const { server, url } = await servePage();
  const browser = await chromium.launch({
    executablePath,
    args: ["--no-sandbox", "--js-flags=--expose-gc"],
  });
  try {
    const where: Machine = { ...machine(), runtime: `Chromium ${browser.version()}` };
    const date = new Date().toISOString();
    if (!isJson) console.log(header(rounds, where));
    const cases: CaseResult[] = [];
    for (const name of options.cases.filter(isNeutral)) {
      // One page, and so one process, per case.
      const page = await browser.newPage();
      page.setDefaultTimeout(PATIENCE);
      await page.goto(`${url}?case=${name}&rounds=${rounds}`);
      await page.waitForFunction("globalThis.benchResult");
      const result = await page.evaluate<CaseResult>("globalThis.benchResult");
      await page.close();
      cases.push(result);
      if (!isJson) console.log(`\n${caseText(result)}`);
    }
    const results: Results = {
      header: header(rounds, where),
      machine: where,
      condition: "alone",
      rounds,
      date,
      cases,
    };
    if (isJson) console.log(JSON.stringify(results, undefined, 2));
    if (options.writesResults) await writeAll(new Map([["", results]]), options.name);
  } finally {
    await browser.close();
    server.close();
  }
}

function isNeutral(name: string): boolean {
  return (NEUTRAL as readonly string[]).includes(name);
}

setUp("bench/harness/charts");
setUp("bench/browser");
const serves = process.argv.includes("--serve");
const options = optionsOrExit(process.argv.slice(2).filter((argument) => argument !== "--serve"));
if (serves) {
  const { url } = await servePage(PORT);
  console.log(`Open ${url} in a browser to run the benchmarks there`);
} else await measureAll(options);
