// A crawler: visits every page of a site that its links lead to, several at once.
//
// node build/examples/crawler.js [URL] [--concurrency 8] [--timeout 5000] [--pages 1000]
//
// A page that takes longer than the time-out, in milliseconds, has failed. Ctrl-C cancels what is under way.

import { stderr } from "node:process";
import { parseArgs } from "node:util";
import {
  CancelledError,
  type Coroutine,
  createTask,
  fromPromise,
  mapConcurrent,
  Queue,
  run,
  sleep,
  TimeoutError,
  timeout,
} from "mysyncio";

const PROGRESS_EVERY = 200;
const LINK = /<a\s[^>]*?\bhref\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))/gi;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    concurrency: { type: "string", default: "8" },
    timeout: { type: "string", default: "5000" },
    pages: { type: "string", default: "1000" },
  },
});
const concurrency = Number(values.concurrency);
const patience = Number(values.timeout);
const mostPages = Number(values.pages);

/** All pages that were found so far, and those that nobody has visited. */
const found = new Set<string>();
const frontier = new Queue<string>();
let underWay = 0;
let visited = 0;
let failed = 0;

/** Notes a page of the site down, unless it is known. */
function find(url: URL): void {
  const { href } = Object.assign(url, { hash: "" });
  if (found.has(href) || found.size >= mostPages) return;
  found.add(href);
  frontier.putNowait(href);
}

/** Visits a page: prints how that went, and notes down where its links lead. */
function* visit(href: string): Coroutine<void> {
  underWay++;
  const start = performance.now();
  try {
    const { status, url, html } = yield* timeout(patience, () => fetchPage(href));
    for (const link of linksIn(html, url)) if (link.origin === new URL(href).origin) find(link);
    if (status < 400) visited++;
    else failed++;
    say(`${status} ${href} ${Math.round(performance.now() - start)} ms`);
  } catch (error) {
    if (error instanceof CancelledError) throw error;
    failed++;
    say(`Failed ${href}: ${reasonOf(error)}`);
  } finally {
    underWay--;
    frontier.taskDone();
  }
}

/** A cancel, also that of a time-out, aborts the request. */
function* fetchPage(href: string): Coroutine<{ status: number; url: string; html: string }> {
  return yield* fromPromise(async (signal) => {
    const response = await fetch(href, { signal });
    const isPage = response.headers.get("content-type")?.startsWith("text/html");
    if (isPage) return { status: response.status, url: response.url, html: await response.text() };
    await response.body?.cancel();
    return { status: response.status, url: response.url, html: "" };
  });
}

function* linksIn(html: string, base: string): Generator<URL, void> {
  for (const [, ...quoted] of html.matchAll(LINK)) {
    const link = quoted.find((href) => href !== undefined)?.replaceAll("&amp;", "&") ?? "";
    if (URL.canParse(link, base)) yield new URL(link, base);
  }
}

/** What went wrong: `fetch` itself says little more than "fetch failed", its cause says why. */
function reasonOf(error: unknown): string {
  if (error instanceof TimeoutError) return `no answer within ${patience} ms`;
  const { cause = error } = error as { cause?: unknown };
  const { message, code } = cause as { message?: string; code?: string };
  return message || code || String(error);
}

/** Prints a line in place of the progress. */
function say(line: string): void {
  if (stderr.isTTY) stderr.write("\r\x1b[K");
  console.log(line);
}

/** In a terminal one line that changes, elsewhere one after the other. */
function showProgress(): void {
  const waiting = frontier.qsize();
  const line = `${visited} visited, ${failed} failed, ${underWay} under way, ${waiting} waiting`;
  stderr.write(stderr.isTTY ? `\r${line}\x1b[K` : `${line}\n`);
}

function* keepShowingProgress(): Coroutine<never> {
  for (;;) {
    yield* sleep(PROGRESS_EVERY);
    showProgress();
  }
}

/** Ends the queue, and with it the crawl, when every page that was found has been visited. */
function* endWhenAllAreVisited(): Coroutine<void> {
  yield* frontier.join();
  frontier.shutdown();
}

function* crawl(start: URL): Coroutine<void> {
  find(start);
  createTask(keepShowingProgress()); // until `run` ends
  createTask(endWhenAllAreVisited());
  try {
    yield* mapConcurrent(frontier, visit, { concurrency });
  } finally {
    showProgress();
    if (stderr.isTTY) stderr.write("\n");
  }
}

const [start = "http://localhost:8000/"] = positionals;
try {
  await run(crawl(new URL(start)));
  console.log(`Visited ${visited} pages, ${failed} failed`);
  if (failed > 0) process.exitCode = 1;
} catch (error) {
  if (!(error instanceof CancelledError)) throw error;
  console.log(`Interrupted: visited ${visited} pages, ${failed} failed`);
  process.exitCode = 130;
}
