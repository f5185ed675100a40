// The playground: programs run, are cancelled and explored, and links carry them without running
// them.

import assert from "node:assert/strict";
import { test } from "node:test";
import { deflateRawSync } from "node:zlib";
import { inBrowsers, press, textOf, waitForText, waitInInspector } from "./inBrowsers.mjs";

/** @typedef {import("puppeteer-core").Page} Page */

/** @param {unknown} shared */
function fragmentOf(shared) {
  const bytes = deflateRawSync(JSON.stringify(shared));
  return `#1.${bytes.toString("base64url")}`;
}

const SHARED = { program: "", tab: "run", clock: "real", strategy: "random" };

/** @param {Page} page */
async function isReady(page) {
  await page.waitForSelector("my-playground[data-ready]");
  // The editor loads when the reader does something.
  await page.focus(".editor textarea");
  await page.waitForSelector(".editor .cm-content");
}

/** @param {Page} page @param {string} label @param {string} value */
async function choose(page, label, value) {
  const select = await page.waitForSelector(
    `::-p-xpath(//label[starts-with(normalize-space(),"${label}")]//select)`,
  );
  await /** @type {import("puppeteer-core").ElementHandle<HTMLSelectElement>} */ (select).select(
    value,
  );
}

const LINES = ".output .lines";

inBrowsers((on) => {
  test("a program runs, and its requests are aborted by their deadline", async () => {
    await on("playground", async (page) => {
      await isReady(page);
      await press(page, "Run");
      await page.waitForSelector(".output[data-state=ended]");
      assert.equal(
        await textOf(page, LINES),
        "answer of first\nsecond: request aborted\nmoved on after 500 ms\n",
      );
      assert.match(await textOf(page, ".output .state"), /on the wasm core/);
    });
  });

  test("a day passes at once on the virtual clock, and is cancelled on the real one", async () => {
    await on("playground", async (page) => {
      await isReady(page);
      await choose(page, "Example", "A day of sleeps");
      await press(page, "Run");
      await waitForText(page, ".output .state", "Running");
      await press(page, "Cancel");
      await page.waitForSelector(".output[data-state=cancelled]");

      await choose(page, "Clock", "virtual");
      await press(page, "Run");
      await page.waitForSelector(".output[data-state=ended]");
      assert.match(await textOf(page, LINES), /hour 24: 86400 s\n$/);
    });
  });

  test("the inspector shows a program's tasks in slow motion, and Cancel ends the program", async () => {
    await on("playground", async (page) => {
      await isReady(page);
      await choose(page, "Example", "Inspect: a busy kitchen");
      await press(page, "Run");
      await waitInInspector(page, "slow motion");
      await waitInInspector(page, "cook of cake");
      await waitInInspector(page, "Lock 1");
      await press(page, "Cancel");
      await page.waitForSelector(".output[data-state=cancelled]");
    });
  });

  test("explore finds the cache's bug, and shows the failing order", async () => {
    await on("playground", async (page) => {
      await isReady(page);
      await choose(page, "Example", "Explore: a cache with a bug");
      await press(page, "Run");
      await page.waitForSelector(".timeline .step.choice");
      assert.match(await textOf(page, ".found code"), /^replay\(main, "1:/);
      const rows = await page.$$eval(".timeline tbody th", (cells) =>
        cells.map(({ textContent }) => textContent),
      );
      assert.ok(rows.includes("main") && rows.includes("task 1"), rows.join());
      const report = await textOf(page, ".report");
      assert.match(report, /resumes in change \(line \d+\)/);
      assert.doesNotMatch(report, /blob:/);
    });
  });

  test("explore describes a deadlock", async () => {
    await on("playground", async (page) => {
      await isReady(page);
      await choose(page, "Example", "Explore: a deadlock");
      await press(page, "Run");
      await waitForText(page, ".report", "in a cycle");
    });
  });

  test("the benchmark measures tasks per second", async () => {
    await on("playground", async (page) => {
      await isReady(page);
      await press(page, "Benchmark");
      await press(page, "Run");
      await page.waitForSelector(".output[data-state=ended]");
      assert.equal((await page.$$(".measured")).length, 2);
    });
  });

  test("an error names the line of the program", async () => {
    const program = 'const name: string = "Ada";\n\nthrow new Error("no " + name);\n';
    await on(`playground${fragmentOf({ ...SHARED, program })}`, async (page) => {
      await isReady(page);
      await press(page, "Run");
      await waitForText(page, LINES, "Error: no Ada (line 3)");
    });
  });

  test("an unknown import is refused", async () => {
    const program = 'import "https://example.invalid/evil.js";\n';
    await on(`playground${fragmentOf({ ...SHARED, program })}`, async (page) => {
      await isReady(page);
      await press(page, "Run");
      await waitForText(page, LINES, "SyntaxError: A program on this page can import");
    });
  });

  test("a shared link brings the program back, and runs nothing without a click", async () => {
    const program = '// é 🚲 </script><img src=x onerror=alert(1)>\nconsole.log("ran");\n';
    const shared = { program, tab: "run", clock: "virtual", strategy: "pct" };
    await on(`playground${fragmentOf(shared)}`, async (page) => {
      let workers = 0;
      page.on("workercreated", () => workers++);
      await isReady(page);
      await waitForText(page, ".output .state", "Read it before you run it");
      assert.equal(await textOf(page, LINES), "");
      const lines = await page.$$eval(".cm-line", (all) => all.map((line) => line.textContent));
      assert.equal(lines.join("\n"), program);
      assert.equal(workers, 0);

      await press(page, "Share");
      await waitForText(page, ".output .state", "address bar");
      const { hash } = new URL(page.url());
      await on(`playground${hash}`, async (again) => {
        await isReady(again);
        await waitForText(again, ".cm-content", "🚲");
        await press(again, "Run");
        await waitForText(again, LINES, "ran");
      });
    });
  });

  test("a damaged link shows an error, and runs nothing", async () => {
    const bomb = `#1.${deflateRawSync(Buffer.alloc(50_000_000, " ")).toString("base64url")}`;
    const hostile = [
      "#1.",
      "#1.%00%FF",
      "#1.AAAA",
      "#1.<script>alert(1)</script>",
      bomb,
      fragmentOf(null),
      fragmentOf([1]),
      fragmentOf({ ...SHARED, program: 42 }),
      fragmentOf({ ...SHARED, tab: "__proto__" }),
      fragmentOf({ ...SHARED, clock: { toString: "x" } }),
    ];
    for (const fragment of hostile) {
      await on(`playground${fragment}`, async (page) => {
        await isReady(page);
        await waitForText(page, ".output .state", "The link is damaged");
        assert.match(await textOf(page, ".cm-content"), /mysyncio/);
      });
    }
  });
});
