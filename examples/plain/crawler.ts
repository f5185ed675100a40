// ../crawler.ts without the package, with async functions and AbortController.

import { argv, stderr } from "node:process";
import { setTimeout as delay } from "node:timers/promises";

const LINK = /<a\s[^>]*?\bhref\s*=\s*["']?([^\s"'>]+)/gi;
const [start = "http://localhost:8000/", concurrency = "8", patience = "5000"] = argv.slice(2);
const found = new Set<string>();
const frontier: string[] = [];
const stop = new AbortController();
let visited = 0;

function find(link: string, page: string): void {
  if (!URL.canParse(link, page)) return;
  const { origin, href } = Object.assign(new URL(link, page), { hash: "" });
  if (origin !== new URL(start).origin || found.has(href)) return;
  found.add(href);
  frontier.push(href);
}

async function load(href: string, signal: AbortSignal): Promise<string> {
  const response = await fetch(href, { signal });
  if (!response.ok) throw new Error(`status ${response.status}`);
  return await response.text();
}

async function loadInTime(href: string): Promise<string> {
  const deadline = new AbortController();
  const timer = setTimeout(() => deadline.abort(new Error("too slow")), +patience);
  try {
    return await load(href, AbortSignal.any([stop.signal, deadline.signal]));
  } finally {
    clearTimeout(timer);
  }
}

async function retry<T>(attempt: () => Promise<T>, attempts: number, pause: number): Promise<T> {
  for (let left = attempts - 1, wait = pause; ; left--, wait *= 2) {
    try {
      return await attempt();
    } catch (error) {
      if (left === 0 || stop.signal.aborted) throw error;
      await delay(wait * (1 - Math.random() / 2), undefined, { signal: stop.signal });
    }
  }
}

async function visit(href: string): Promise<void> {
  try {
    const html = await retry(() => loadInTime(href), 3, 100);
    for (const [, link = ""] of html.matchAll(LINK)) find(link.replaceAll("&amp;", "&"), href);
  } catch (error) {
    if (stop.signal.aborted) throw error;
    console.log(`Failed ${href}: ${error}`);
  } finally {
    visited++;
  }
}

async function crawl(): Promise<void> {
  const since = performance.now();
  const display = setInterval(() => {
    const rate = (visited / (performance.now() - since)) * 1000;
    stderr.write(`${visited} of ${found.size} pages, ${rate.toFixed(1)} per second\r`);
  }, 100);
  const running = new Set<Promise<void>>();
  try {
    find(start, start);
    while (frontier.length + running.size > 0) {
      while (frontier.length > 0 && running.size < +concurrency) {
        const task = visit(frontier.shift() as string).finally(() => running.delete(task));
        running.add(task);
      }
      await Promise.race(running);
    }
  } finally {
    if (running.size > 0) stop.abort();
    await Promise.allSettled(running);
    clearInterval(display);
  }
}

process.once("SIGINT", () => stop.abort());
try {
  await crawl();
} catch (error) {
  if (!stop.signal.aborted) throw error;
  process.exitCode = 130;
} finally {
  console.log(`Found ${found.size} pages`);
}
