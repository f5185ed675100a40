// Tests two versions of the examples' Fastify server: with the package, and without.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { createServer, get, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { json, text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { describe, expect, onTestFinished, test, vi } from "vitest";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** Starts shops, each of which responds at its own path. */
async function startShops(shops: Record<string, (response: ServerResponse) => void>) {
  const trace: string[] = [];
  let open = 0;
  const server = createServer(({ url = "" }, response) => {
    trace.push(url);
    open++;
    response.on("close", () => open--);
    shops[url.slice(1, url.indexOf("?"))]?.(response);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  const { port } = server.address() as AddressInfo;
  const urls = Object.keys(shops).map((shop) => `http://127.0.0.1:${port}/${shop}`);
  return { urls, trace, open: () => open };
}

/** Starts the built example in a folder in which it finds Fastify. */
async function startServer(name: string, urls: readonly string[]) {
  mkdirSync(join(ROOT, "build"), { recursive: true });
  const folder = mkdtempSync(join(ROOT, "build", "fastify-"));
  mkdirSync(join(folder, "node_modules"));
  const fastify = join(ROOT, "test", "adapters", "node_modules", "fastify");
  symlinkSync(fastify, join(folder, "node_modules", "fastify"), "junction");
  const program = join(folder, "server.js");
  copyFileSync(join(ROOT, "build", "examples", `${name}.js`), program);
  const child = spawn(process.execPath, [program, "0", ...urls]);
  const errors = text(child.stderr);
  const exit = once(child, "exit");
  onTestFinished(() => {
    child.kill("SIGKILL");
    rmSync(folder, { recursive: true });
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const [, origin] = /^Listening on (.*)$/.exec((await lines.next()).value ?? "") ?? [];
  return {
    request: () => get(`${origin}/offers/a%20b`, { agent: false }),
    /** Asks the server to end. */
    stop: () => child.kill("SIGTERM"),
    async end() {
      const [code] = await exit;
      return { code, errors: await errors };
    },
  };
}

async function answerOf(request: ReturnType<typeof get>): Promise<unknown> {
  const [response] = (await once(request, "response")) as [IncomingMessage];
  return await json(response);
}

const until = (condition: () => boolean) => vi.waitUntil(condition, { timeout: 60_000 });

describe.each(["fastifyServer", "plain/fastifyServer"])("examples/%s.ts", (name) => {
  test("responds with the offers that arrive in time, cheapest first", async () => {
    let attempts = 0;
    const shops = await startShops({
      dear: (response) => response.end('{"price":3}'),
      cheap: (response) => response.end('{"price":1}'),
      slow: () => {},
      broken: (response) => response.writeHead(500).end(),
      flaky: (response) => {
        if (++attempts === 2) response.end('{"price":2}');
        else response.writeHead(503).end();
      },
    });
    const { request } = await startServer(name, shops.urls);

    const offers = (await answerOf(request())) as { price: number }[];

    // A busy machine may take longer than the deadline for the others too.
    const prices = offers.map(({ price }) => price);
    expect(prices).toEqual([1, 2, 3].filter((price) => prices.includes(price)));
    expect(shops.trace.every((url) => url.endsWith("?q=a%20b"))).toBe(true);
    await until(() => shops.open() === 0);
  });

  test("cancels its requests when the client disconnects, and serves the next client", async () => {
    const shops = await startShops({ silent: () => {} });
    const { request, stop, end } = await startServer(name, shops.urls);

    const client = request().on("error", () => {});
    await until(() => shops.open() === 1);
    client.destroy();
    await until(() => shops.open() === 0);
    const offers = await answerOf(request());
    stop();

    expect(offers).toEqual([]);
    expect(await end()).toEqual({ code: 0, errors: "" });
  });

  test("serves the requests in progress at SIGTERM, and then ends", async () => {
    const waiting: ServerResponse[] = [];
    const shops = await startShops({ shop: (response) => void waiting.push(response) });
    const { request, stop, end } = await startServer(name, shops.urls);

    const answer = answerOf(request());
    await until(() => waiting.length === 1);
    stop();
    for (const response of waiting) response.end('{"price":4}');

    expect([[], [{ price: 4 }]]).toContainEqual(await answer);
    expect(await end()).toEqual({ code: 0, errors: "" });
  });
});
