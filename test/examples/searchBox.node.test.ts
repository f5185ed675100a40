// Tests two versions of the search box in a real browser: with the package, and without.

import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { type Browser, chromium } from "playwright";
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from "vitest";
import { findBrowser } from "../../.ci/browser.mjs";

const ROOT = new URL("../..", import.meta.url);
let browser: Browser;

beforeAll(async () => {
  const executablePath = findBrowser();
  if (executablePath === undefined) throw new Error("Found no browser: see CONTRIBUTING.md");
  browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
});

afterAll(() => browser?.close());

/** Opens the page. `answer` gets its searches. The trace has their starts and aborts. */
async function open(name: string, answer: (query: string, response: ServerResponse) => void) {
  const trace: string[] = [];
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL(`build/examples/${name}.js`, ROOT))],
    bundle: true,
    format: "esm",
    platform: "browser",
    write: false,
    logLevel: "error",
  });
  const html = await readFile(new URL("examples/searchBox.html", ROOT));
  const server = createServer(({ url = "" }, response) => {
    const { pathname, searchParams } = new URL(url, "http://localhost");
    if (pathname === "/") response.setHeader("Content-Type", "text/html").end(html);
    else if (pathname === "/searchBox.js") {
      response.setHeader("Content-Type", "text/javascript").end(outputFiles[0]?.contents);
    } else if (pathname === "/search") {
      const query = searchParams.get("q") ?? "";
      trace.push(query);
      response.on("close", () => {
        if (!response.writableFinished) trace.push(`${query} aborted`);
      });
      answer(query, response);
    } else response.writeHead(404).end();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const page = await browser.newPage();
  const errors: unknown[] = [];
  page.on("pageerror", (error) => errors.push(error));
  onTestFinished(async () => {
    await page.close();
    server.close();
    server.closeAllConnections();
    expect(errors).toEqual([]);
  });
  await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
  return {
    page,
    trace,
    box: page.getByLabel("Search"),
    results: () => page.getByRole("listitem").allInnerTexts(),
    state: (text: string | RegExp) => page.getByRole("status").getByText(text).waitFor(),
  };
}

const found = (query: string, response: ServerResponse) => response.end(`["${query} 1"]`);

describe.each(["searchBox", "plain/searchBox"])("examples/%s.ts", (name) => {
  test("searches once the user stops typing", async () => {
    const { box, trace, results, state } = await open(name, found);

    // Type in one task of the page, so that a busy machine cannot pause between two keys.
    await box.evaluate((element) => {
      const input = element as HTMLInputElement;
      for (const key of "hello") {
        input.value += key;
        input.dispatchEvent(new Event("input"));
      }
    });
    await state("1 results");

    expect(await results()).toEqual(["hello 1"]);
    expect(trace).toEqual(["hello"]);
  });

  test("shows the results for what a user types, key by key", async () => {
    const { box, trace, page } = await open(name, found);

    await box.pressSequentially("hello");
    await page.getByRole("listitem").getByText("hello 1", { exact: true }).waitFor();

    expect(trace.at(-1)).toBe("hello");
  });

  test("aborts the search for an outdated text, and never shows its results", async () => {
    const { box, trace, results, state } = await open(name, (query, response) => {
      if (query !== "slow") found(query, response);
    });

    await box.fill("slow");
    await vi.waitUntil(() => trace.includes("slow"), { timeout: 30_000 });
    await box.fill("quick");
    await state("1 results");

    await vi.waitUntil(() => trace.includes("slow aborted"), { timeout: 30_000 });
    expect(await results()).toEqual(["quick 1"]);
    expect(trace.filter((line) => line !== "slow aborted")).toEqual(["slow", "quick"]);
  });

  test("retries a search that fails, and then shows an error", async () => {
    let failures = 2;
    const { box, trace, results, state } = await open(name, (query, response) => {
      if (query === "good" && failures-- <= 0) found(query, response);
      else response.writeHead(503).end();
    });

    await box.fill("good");
    await state("1 results");
    const good = await results();
    await box.fill("bad");
    await state("The search failed: Error: status 503");

    expect(good).toEqual(["good 1"]);
    expect(await results()).toEqual([]);
    expect(trace).toEqual(["good", "good", "good", "bad", "bad", "bad"]);
  });
});
