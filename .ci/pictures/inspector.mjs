// Makes docs/inspector.png, the picture of the inspector in the README: node .ci/pictures/inspector.mjs

import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";
import { chromium } from "playwright";
import { findBrowser, installBrowser } from "../browser.mjs";

const PICTURE = "docs/inspector.png";
const SIZE = { width: 1_180, height: 720 };
const PAGE = `<!doctype html><title>Orders</title><link rel="icon" href="data:,">
<body><script type="module" src="/orders.js"></script></body>`;

const folder = mkdtempSync(join(tmpdir(), "mysyncio-picture-"));
await build({
  ...{ entryPoints: [".ci/pictures/orders.mjs"], outdir: folder },
  ...{ bundle: true, splitting: true, format: "esm", target: "es2022", logLevel: "error" },
  keepNames: true,
});
const server = createServer(({ url = "/" }, response) => {
  const { pathname } = new URL(url, "http://localhost");
  const isPage = pathname === "/";
  response.setHeader("Content-Type", isPage ? "text/html" : "text/javascript");
  response.end(isPage ? PAGE : readFileSync(join(folder, pathname)));
}).listen(0, "127.0.0.1");
await once(server, "listening");
const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());

const executablePath = findBrowser() ?? installBrowser();
const browser = await chromium.launch({
  ...(executablePath && { executablePath }),
  args: ["--no-sandbox", "--disable-gpu"],
});
try {
  const page = await browser.newPage({ viewport: SIZE, colorScheme: "dark" });
  page.on("pageerror", (error) => {
    throw error;
  });
  await page.goto(`http://127.0.0.1:${port}/`);
  await page.getByText(/^worker 6$/).waitFor();
  // Until the curves have something to show.
  await page.waitForTimeout(12_000);
  await page.getByRole("button", { name: "Pause" }).click();
  const lane = page.locator(".lane ol li");
  for (let step = 0; step < 40 && (await lane.count()) < 3; step++) {
    await page.getByRole("button", { name: "Step" }).click();
    await page.waitForTimeout(60);
  }
  await page.mouse.move(0, 0);
  await page.waitForTimeout(600);
  await page.screenshot({ path: PICTURE, animations: "disabled" });
  console.log(`Wrote ${PICTURE}: ${readFileSync(PICTURE).length} bytes`);
} finally {
  await browser.close();
  server.close();
  rmSync(folder, { recursive: true });
}
