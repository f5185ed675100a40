// How much of a frame the inspector takes with many tasks: npm run inspector:frames
//
//   node test/rounds/inspectorFrames.mjs [tasks] [seconds]
//
// Shows each panel of <mysyncio-inspector> in Chromium, over a loop of the same page, and prints the
// processor time that the page's main thread took from one frame to the next, in milliseconds: script,
// style, layout and painting, of the inspector and of the loop. It is not the time that passed, which
// says more about what else the machine does.

import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { chromium } from "playwright";
import { findBrowser, installBrowser } from "../../.ci/browser.mjs";

const DIST = new URL("../../dist/", import.meta.url);
const PANELS = ["timeline", "timers", "waits", "locks", "warnings"];
/** A frame at 60 Hz, in milliseconds. */
const FRAME = 16;

const [count = "10000", seconds = "8"] = process.argv.slice(2);
const PROGRAM = `import * as m from "/index.js";
import "/inspectorElement.js";
const queue = new m.Queue();
const lock = new m.Lock();
function* waiter() { yield* queue.get(); }
function* sleeper() { for (;;) yield* m.sleep(1000 + Math.random() * 9000); }
function* worker() { for (;;) { yield* lock.acquire(); yield* m.sleep(1); lock.release(); } }
m.run(function* main() {
  yield* m.taskGroup(function* (group) {
    for (let i = 0; i < ${count}; i++) {
      const of = i % 100 === 0 ? worker : i % 2 === 0 ? waiter : sleeper;
      group.createTask(of(), { name: of.name + " " + i });
    }
  });
});
document.body.innerHTML = '<mysyncio-inspector fill></mysyncio-inspector>';`;

const server = createServer(({ url = "/" }, response) => {
  const isPage = url === "/";
  response.setHeader("Content-Type", isPage ? "text/html" : "text/javascript");
  if (isPage) response.end('<!doctype html><body><script type="module" src="/app.js"></script>');
  else if (url === "/app.js") response.end(PROGRAM);
  else if (/^\/[\w-]+\.js$/.test(url)) response.end(readFileSync(new URL(`.${url}`, DIST)));
  else response.writeHead(404).end();
}).listen(0, "127.0.0.1");
await once(server, "listening");
const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());

const executablePath = findBrowser() ?? installBrowser();
const browser = await chromium.launch({
  ...(executablePath && { executablePath }),
  args: ["--no-sandbox", "--disable-gpu"],
});
try {
  const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
  page.on("pageerror", (error) => {
    throw error;
  });
  await page.goto(`http://127.0.0.1:${port}/`);
  await page.getByText("of them waiting").or(page.locator('[role="row"]').first()).waitFor();
  // The first reading, and what the engine compiles for it, are not what a frame usually takes.
  await page.waitForTimeout(5_000);
  console.log(`${Number(count).toLocaleString("en")} tasks, ms of the main thread per frame`);
  for (const panel of PANELS) {
    await page.locator("mysyncio-inspector").evaluate((element, name) => {
      element.setAttribute("panel", name);
    }, panel);
    await page.waitForTimeout(2_000);
    const frames = await record(page, Number(seconds) * 1_000);
    const sorted = frames.toSorted((a, b) => a - b);
    const at = (/** @type {number} */ part) =>
      (sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0).toFixed(1);
    const over = sorted.filter((time) => time > FRAME).length;
    console.log(
      `${panel.padEnd(9)} median ${at(0.5)}, p95 ${at(0.95)}, p99 ${at(0.99)}, at most ${at(1)}; ${over} of ${frames.length} frames over ${FRAME} ms`,
    );
    if (sorted.length < 10 || Number(at(0.95)) >= FRAME) process.exitCode = 1;
  }
} finally {
  await browser.close();
  server.close();
}

/**
 * Returns the processor time of the main thread in each frame.
 *
 * @param {import("playwright").Page} page
 * @param {number} duration
 */
async function record(page, duration) {
  const session = await page.context().newCDPSession(page);
  /** @type {{ name: string, ph: string, ts: number, tdur?: number, dur?: number, pid: number, tid: number }[]} */
  const events = [];
  session.on("Tracing.dataCollected", ({ value }) => {
    events.push(.../** @type {any[]} */ (value));
  });
  const ended = new Promise((resolve) => session.once("Tracing.tracingComplete", resolve));
  const categories = "disabled-by-default-devtools.timeline,devtools.timeline,toplevel";
  await session.send("Tracing.start", {
    traceConfig: { includedCategories: categories.split(",") },
  });
  // A page draws frames only while something changes.
  await page.evaluate((time) => {
    const end = performance.now() + time;
    return new Promise((/** @type {(value?: unknown) => void} */ resolve) => {
      const next = () => (performance.now() < end ? requestAnimationFrame(next) : resolve());
      next();
    });
  }, duration);
  await session.send("Tracing.end");
  await ended;
  await session.detach();
  const frameEvents = events.filter(({ name }) => name === "FireAnimationFrame");
  const [first] = frameEvents;
  if (first === undefined) return [];
  const onThread = events.filter(({ pid, tid }) => pid === first.pid && tid === first.tid);
  const tasks = onThread.filter(({ name, ph }) => name === "RunTask" && ph === "X");
  const starts = frameEvents.map(({ ts }) => ts).sort((a, b) => a - b);
  const frames = starts.slice(1).map(() => 0);
  for (const { ts, tdur, dur = 0 } of tasks) {
    const at = starts.findLastIndex((start) => start <= ts + dur);
    if (at >= 0 && at < frames.length) frames[at] = (frames[at] ?? 0) + (tdur ?? dur) / 1_000;
  }
  return frames;
}
