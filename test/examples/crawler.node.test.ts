// Does the example visit every page once, no more at once than it may, and go on when pages fail?

import { once } from "node:events";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { start } from "./program.ts";

/** A site whose pages a test writes: their HTML, or what answers instead. */
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

/** Lines in an order that does not depend on which page was faster, without what differs from run to run. */
function sorted(lines: readonly string[], { origin }: { origin: string }): string[] {
  return lines
    .map((line) => line.replaceAll(origin, "").replace(/^(\d.*) \d+ ms$/, "$1 # ms"))
    .toSorted();
}

test("visits every page of the site that links lead to, once", async () => {
  const site = await startSite({
    "/": `<a href="/a">a</a> <A class=x HREF='b/'>b</A> <a href=/c?x=1&amp;y=2>c</a>`,
    "/a": `<a href="/">back</a> <a href="#here">here</a> <a href="http://127.0.0.1:1/">far</a>`,
    "/b/": `<a href="../a#there">a</a> <a href="mailto:a@b.c">mail</a> <a href="//[">none</a>`,
    "/c?x=1&y=2": (response) => response.end('<a href="/text">this is no HTML</a>'),
  });

  const { lines, errors, code } = await start("crawler", `${site.origin}/`).end();

  expect(site.requests.toSorted()).toEqual(["/", "/a", "/b/", "/c?x=1&y=2"]);
  expect(lines.at(-1)).toBe("Visited 4 pages, 0 failed");
  expect(sorted(lines.slice(0, -1), site)).toEqual([
    "200 / # ms",
    "200 /a # ms",
    "200 /b/ # ms",
    "200 /c?x=1&y=2 # ms",
  ]);
  expect(errors.split("\n").at(-2)).toBe("4 visited, 0 failed, 0 under way, 0 waiting");
  expect(code).toBe(0);
});

test("has as many requests open as it may, and never more", async () => {
  const links = Array.from({ length: 40 }, (_, index) => `<a href="/${index}">${index}</a>`);
  const leaves = links.map((_, index): [string, string] => [`/${index}`, ""]);
  const site = await startSite({ "/": links.join(), ...Object.fromEntries(leaves) });

  const { lines } = await start("crawler", `${site.origin}/`, "--concurrency", "3").end();

  expect(lines.at(-1)).toBe("Visited 41 pages, 0 failed");
  expect(site.mostOpen).toBe(3);
});

test("says why a page failed, and goes on with the others", async () => {
  const site = await startSite({
    "/": `<a href="/silent"></a><a href="/gone"></a><a href="/missing"></a><a href="/half"></a><a href="/good"></a>`,
    "/silent": () => {},
    "/half": (response) => {
      response.setHeader("Content-Type", "text/html").write("<a href='/never'>");
    },
    "/gone": (response) => response.destroy(),
    "/good": "",
  });

  const program = start("crawler", `${site.origin}/`, "--timeout", "400");
  const { lines, code } = await program.end();

  expect(lines.at(-1)).toBe("Visited 2 pages, 4 failed");
  expect(sorted(lines.slice(0, -1), site)).toEqual([
    "200 / # ms",
    "200 /good # ms",
    "404 /missing # ms",
    expect.stringMatching(/^Failed \/gone: ./),
    "Failed /half: no answer within 400 ms",
    "Failed /silent: no answer within 400 ms",
  ]);
  expect(code).toBe(1);
  // The requests that took too long were aborted, not left alone.
  expect(site.open).toBe(0);
});

test("visits no more pages than it may", async () => {
  const endless = Array.from({ length: 30 }, (_, index): [string, string] => {
    return [`/${index}`, `<a href="/${index + 1}">on</a>`];
  });
  const site = await startSite(Object.fromEntries(endless));

  const { lines } = await start("crawler", `${site.origin}/0`, "--pages", "7").end();

  expect(lines.at(-1)).toBe("Visited 7 pages, 0 failed");
  expect(site.requests.length).toBe(7);
});

test("cancels what is under way on Ctrl-C, and says how far it came", async () => {
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
  const program = start("crawler", `${site.origin}/`);

  const { lines, errors, code } = await program.end();

  await aborted;
  expect(sorted(lines, site)).toEqual(["200 / # ms", "Interrupted: visited 1 pages, 0 failed"]);
  expect(errors.split("\n").at(-2)).toBe("1 visited, 0 failed, 0 under way, 0 waiting");
  expect(code).toBe(130);
});
