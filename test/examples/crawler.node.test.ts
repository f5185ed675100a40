// Tests that the crawler visits every page once, limits its concurrent requests, and continues when
// pages fail.

import { once } from "node:events";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, onTestFinished, test } from "vitest";
import { start } from "./program.ts";

/** A site with pages written by a test: their HTML, or a function that answers instead. */
async function startSite(pages: Record<string, string | ((response: ServerResponse) => void)>) {
  const site = { origin: "", requests: [] as string[], open: 0, mostOpen: 0 };
  const server = createServer(({ url = "" }, response) => {
    site.requests.push(url);
    site.open++;
    site.mostOpen = Math.max(site.mostOpen, site.open);
    response.on("close", () => {
      site.open--;
    });
    const page = pages[url];
    if (typeof page === "function") return page(response);
    if (page === undefined) return void response.writeHead(404).end();
    response.setHeader("Content-Type", "text/html; charset=utf-8");
    setTimeout(() => response.end(page), 20);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  site.origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return site;
}

/** Lines in an order that does not depend on which page was faster. */
function sorted(lines: readonly string[], { origin }: { origin: string }): string[] {
  return lines.map((line) => line.replaceAll(origin, "")).toSorted();
}

// The plain version is tested too, to keep the comparison in the documentation honest.
describe.each(["crawler", "plain/crawler"])("examples/%s.ts", (name) => {
  test("visits every linked page of the site once", async () => {
    const site = await startSite({
      "/": `<a href="/a">a</a> <A class=x HREF='b/'>b</A> <a href=/c?x=1&amp;y=2>c</a>`,
      "/a": `<a href="/">back</a> <a href="#here">here</a> <a href="http://127.0.0.1:1/">far</a>`,
      "/b/": `<a href="../a#there">a</a> <a href="mailto:a@b.c">mail</a> <a href="//[">none</a>`,
      "/c?x=1&y=2": (response) => response.end("<a>nowhere</a>"),
    });

    const { lines, errors, code } = await start(name, `${site.origin}/`).end();

    expect(site.requests.toSorted()).toEqual(["/", "/a", "/b/", "/c?x=1&y=2"]);
    expect(lines).toEqual(["Found 4 pages"]);
    expect(errors).toMatch(/^(\d of \d pages, [\d.]+ per second\r)*$/);
    expect(code).toBe(0);
  });

  test("keeps as many requests open as allowed, and never more", async () => {
    const links = Array.from({ length: 40 }, (_, index) => `<a href="/${index}">${index}</a>`);
    const leaves = links.map((_, index): [string, string] => [`/${index}`, ""]);
    const site = await startSite({ "/": links.join(), ...Object.fromEntries(leaves) });

    const { lines } = await start(name, `${site.origin}/`, "3").end();

    expect(lines.at(-1)).toBe("Found 41 pages");
    expect(site.mostOpen).toBe(3);
  });

  test("retries failed pages, then reports why they failed, and continues with the others", async () => {
    let attempts = 0;
    const site = await startSite({
      "/": `<a href="/silent"></a><a href="/gone"></a><a href="/missing"></a><a href="/flaky"></a><a href="/good"></a>`,
      "/silent": () => {},
      "/gone": (response) => response.destroy(),
      "/flaky": (response) => {
        if (++attempts === 3) response.end();
        else response.writeHead(503).end();
      },
      "/good": "",
    });

    const { lines, code } = await start(name, `${site.origin}/`, "8", "400").end();

    expect(lines.at(-1)).toBe("Found 6 pages");
    expect(sorted(lines.slice(0, -1), site)).toEqual([
      "Failed /gone: TypeError: fetch failed",
      "Failed /missing: Error: status 404",
      expect.stringMatching(
        /^Failed \/silent: (TimeoutError: The timeout expired|Error: too slow)$/,
      ),
    ]);
    expect(code).toBe(0);
    expect(site.requests.filter((url) => url === "/flaky")).toHaveLength(3);
    expect(site.requests.filter((url) => url === "/silent")).toHaveLength(3);
    // The requests that took too long were aborted, not left open.
    expect(site.open).toBe(0);
  });

  test("cancels its requests on Ctrl-C", async () => {
    let onAbort = () => {};
    const aborted = new Promise<void>((resolve) => {
      onAbort = resolve;
    });
    const site = await startSite({
      "/": `<a href="/silent">silent</a>`,
      "/silent": (response) => {
        response.on("close", onAbort);
        program.interrupt();
      },
    });
    const program = start(name, `${site.origin}/`);

    const { lines, code } = await program.end();

    await aborted;
    expect(lines).toEqual(["Found 2 pages"]);
    expect(code).toBe(130);
  });
});
