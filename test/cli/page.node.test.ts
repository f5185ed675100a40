// The commands against a page, and the page of `mysyncio inspect` against hostile names.

import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { chromium } from "playwright";
import { afterAll, beforeAll, expect, test } from "vitest";
import { findBrowser } from "../../.ci/browser.mjs";
import { command, PATIENCE } from "../support/commands.ts";

const DIST = new URL("../../dist/", import.meta.url);
const PROGRAM = `import * as m from "/index.js";
m.run(function* main() {
  yield* m.taskGroup(function* (group) {
    for (let i = 0; i < 3; i++) group.createTask(function* sleeper() {
      yield* m.sleep(1e8);
    }, { name: "<img src=x onerror=alert(1)>" });
  });
});
document.title = "ready";`;

const server = createServer((request, response) => {
  const path = (request.url ?? "/").slice(1);
  if (path === "") {
    response.writeHead(200, { "Content-Type": "text/html" });
    response.end(`<script type="module" src="/app.js"></script>`);
  } else if (path === "app.js" || /^[\w-]+\.js$/.test(path)) {
    response.writeHead(200, { "Content-Type": "text/javascript" });
    response.end(path === "app.js" ? PROGRAM : readFileSync(new URL(path, DIST)));
  } else response.writeHead(404).end();
});

beforeAll(async () => {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
});
afterAll(() => void server.close());

test("the commands read a page through its DevTools address, including line numbers", {
  timeout: 2 * PATIENCE,
}, async () => {
  const port = await freePort();
  const executablePath = findBrowser() as string;
  const args = ["--no-sandbox", `--remote-debugging-port=${port}`];
  const browser = await chromium.launch({ executablePath, args });
  try {
    const page = await browser.newPage();
    await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
    await page.waitForFunction(() => document.title === "ready");
    const listed = await fetch(`http://127.0.0.1:${port}/json/list`);
    const targets = (await listed.json()) as { url: string; webSocketDebuggerUrl: string }[];
    const found = targets.find(({ url }) => url.startsWith("http://127.0.0.1"));
    const address = found?.webSocketDebuggerUrl ?? "";
    const list = await command("ps", address);
    const top = await command("top", address, "--seconds", "1");

    expect([list.stderr, top.stderr]).toEqual(["", ""]);
    expect(list.stdout).toMatch(/^loop 1 of page http:\/\/127\.0\.0\.1:\d+\/: /);
    expect(list.stdout).toMatch(/3 × sleeper .*\/app\.js:5 +waits for Sleep/);
    expect(top.stdout).toMatch(/ 4 tasks /);
    expect(await page.title()).toBe("ready");
  } finally {
    await browser.close();
  }
});

test("DevTools addresses of other machines are rejected", async () => {
  const { code, stderr } = await command("ps", "ws://example.com:9222/devtools/page/1");

  expect(stderr).toMatch(/^Only DevTools addresses of this machine are accepted/);
  expect(code).toBe(1);
});

async function freePort(): Promise<number> {
  const taken = createServer().listen(0, "127.0.0.1");
  await once(taken, "listening");
  const { port } = taken.address() as AddressInfo;
  taken.close();
  await once(taken, "close");
  return port;
}
