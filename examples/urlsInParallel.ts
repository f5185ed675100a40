// Fetches URLs in parallel, and prints the responses in the order in which they arrive.
//
// node build/examples/urlsInParallel.js [URL ...]; without URLs, it fetches from four servers that
// it starts itself.

import { argv } from "node:process";
import { CancelledError, type Coroutine, coroutine, fromPromise, gather, run } from "mysyncio";
import { startSlowServer } from "./slowServer.ts";

const ANSWER_AFTER = [400, 100, 300, 200];

/** Fetches one URL and prints the outcome. Returns whether the server responded. */
const fetchUrl = coroutine(function* (url: string): Coroutine<boolean> {
  console.log(`Fetching URL: ${url}`);
  const start = performance.now();
  try {
    const response = yield* fromPromise((signal) => fetch(url, { signal }));
    const body = yield* fromPromise(response.arrayBuffer());
    const elapsed = Math.round(performance.now() - start);
    console.log(`Received ${url}: ${response.status}, ${body.byteLength} bytes, ${elapsed} ms`);
    return true;
  } catch (error) {
    if (error instanceof CancelledError) throw error;
    console.log(`Failed ${url}: ${reasonOf(error)}`);
    return false;
  }
});

function* fetchUrls(urls: readonly string[]): Coroutine<void> {
  const answered = yield* gather(urls.map(fetchUrl));
  if (answered.includes(false)) process.exitCode = 1;
}

function* fetchFromSlowServers(): Coroutine<void> {
  const servers = yield* gather(ANSWER_AFTER.map(startSlowServer));
  try {
    yield* fetchUrls(servers.map(({ url }) => url));
  } finally {
    for (const server of servers) server.close();
  }
}

/** The reason for a failure. `fetch` only says "fetch failed". The cause has the details. */
function reasonOf(error: unknown): string {
  const { cause = error } = error as { cause?: unknown };
  const { message, code } = cause as { message?: string; code?: string };
  return message || code || String(error);
}

const urls = argv.slice(2);
await run(urls.length > 0 ? fetchUrls(urls) : fetchFromSlowServers());
