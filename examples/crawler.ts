// A crawler: visits every page of a site that is reachable by links, several at once. Shows its
// progress, tries failed pages again, and cancels its requests on Ctrl-C.
//
// node build/examples/crawler.js [URL [requests at once [milliseconds per page]]]

import { argv, stderr } from "node:process";
import * as io from "mysyncio";

const LINK = /<a\s[^>]*?\bhref\s*=\s*["']?([^\s"'>]+)/gi;
const [start = "http://localhost:8000/", concurrency = "8", patience = "5000"] = argv.slice(2);
const found = new Set<string>();
const frontier = new io.Queue<string>();

function find(link: string, page: string): void {
  if (!URL.canParse(link, page)) return;
  const { origin, href } = Object.assign(new URL(link, page), { hash: "" });
  if (origin !== new URL(start).origin || found.has(href)) return;
  found.add(href);
  frontier.putNowait(href);
}

async function visit(href: string, signal: AbortSignal): Promise<void> {
  const response = await fetch(href, { signal });
  if (!response.ok) throw new Error(`status ${response.status}`);
  const links = (await response.text()).matchAll(LINK);
  for (const [, link = ""] of links) find(link.replaceAll("&amp;", "&"), href);
}

function* visitInTime(href: string): io.Coroutine<void> {
  yield* io.timeout(+patience, () => io.fromPromise((signal) => visit(href, signal)));
}

function* crawl(group: io.TaskGroup): io.Coroutine<void> {
  const pages = io.progress();
  const display = io.forEach(io.throttle(pages, 100), function* ({ count, rate }) {
    stderr.write(`${count} of ${found.size} pages, ${rate.toFixed(1)} per second\r`);
  });
  group.createTask(display, { background: true });
  const visitAll = function* (href: string) {
    try {
      yield* io.retry(() => visitInTime(href), { attempts: 3, delay: 100, jitter: 0.5 });
    } catch (error) {
      if (error instanceof io.CancelledError) throw error;
      console.log(`Failed ${href}: ${error}`);
    }
    pages.tick();
    if (pages.count === found.size) frontier.shutdown();
  };
  find(start, start);
  yield* io.mapConcurrent(frontier, visitAll, { concurrency: +concurrency });
}

await io.run(io.taskGroup(crawl)).finally(() => console.log(`Found ${found.size} pages`));
