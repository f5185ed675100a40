// Makes the pictures of docs/debugging.md, of `mysyncio inspect` on the programs of that page:
// `npm run build`, then node .ci/pictures/debugging.mjs. Arguments name the programs, by default all.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { chromium } from "playwright";
import { findBrowser, installBrowser } from "../browser.mjs";

const SIZE = { width: 1_180, height: 560 };
/** The program, the tab to show, what is there once it has been drawn, and a task to select. */
const PICTURES = [
  ["hang", "Locks & queues", ".card"],
  ["leak", "Timers", "svg, canvas"],
  ["swallowedCancel", "Warnings", ".warnings li"],
  ["starvation", "Timeline", "canvas", "countPrimes"],
  ["forgottenTask", "Warnings", ".warnings li"],
  ["deadlock", "Waits", "p.deadlock, .node.stuck"],
  ["slowEndpoint", "Locks & queues", ".card"],
  ["herd", "Timeline", "canvas"],
];

const executablePath = findBrowser() ?? installBrowser();
const browser = await chromium.launch({
  ...(executablePath && { executablePath }),
  args: ["--no-sandbox", "--disable-gpu"],
});
try {
  const wanted = process.argv.slice(2);
  for (const [program, tab, shown, task] of PICTURES) {
    if (wanted.length > 0 && !wanted.includes(program)) continue;
    const file = `docs/debugging-${program}.png`;
    const target = spawn(
      process.execPath,
      [
        "--inspect-port=0",
        "--import",
        "mysyncio/inspector/register",
        `build/examples/debugging/${program}.js`,
      ],
      { stdio: "ignore" },
    );
    await once(target, "spawn");
    // Until its tasks are where the guide describes them.
    await new Promise((resolve) => setTimeout(resolve, 2_000));
    const command = spawn(process.execPath, ["dist/mysyncio.js", "inspect", String(target.pid)], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    try {
      const address = await addressOf(command);
      const page = await browser.newPage({ viewport: SIZE, colorScheme: "dark" });
      page.on("pageerror", (error) => {
        throw error;
      });
      await page.goto(address);
      await page.getByRole("tab", { name: tab }).click();
      await page.locator(shown).first().waitFor();
      if (task !== undefined) await page.getByRole("row", { name: task }).click();
      // Until the curves and the timeline have something to show.
      await page.waitForTimeout(6_000);
      await page.mouse.move(0, 0);
      await page.screenshot({ path: file, animations: "disabled" });
      await page.close();
      console.log(`Wrote ${file}: ${readFileSync(file).length} bytes`);
    } finally {
      command.kill("SIGINT");
      await once(command, "exit");
      target.kill("SIGKILL");
    }
  }
} finally {
  await browser.close();
}

/** @param {import("node:child_process").ChildProcessByStdio<null, import("node:stream").Readable, null>} command */
async function addressOf(command) {
  let text = "";
  for await (const part of command.stdout) {
    text += part;
    const [address] = /http:\S+/.exec(text) ?? [];
    if (address !== undefined) return address;
  }
  throw new Error(`mysyncio inspect has ended: ${text}`);
}
