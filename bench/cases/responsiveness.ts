import { buildSync } from "esbuild";
import { type Coroutine, createTask, run } from "mysyncio";
import { chromium } from "playwright";
import { findBrowser } from "../../.ci/browser.mjs";
import type { Case, Figure } from "../harness/compare.ts";
import { isTrial } from "../sizes.ts";

const DURATION = isTrial ? 50 : 1_000;
const BUSY_TASKS = 100;

/**
 * The host's responsiveness: how many beats came, and the longest gap between them, in
 * milliseconds.
 */
interface Beats {
  readonly beats: number;
  readonly worst: number;
}

function* busyTask(until: number): Coroutine<void> {
  while (performance.now() < until) yield;
}

/** Tasks that are always ready, for `DURATION` milliseconds. */
function* saturate(): Coroutine<void> {
  const until = performance.now() + DURATION;
  const tasks = Array.from({ length: BUSY_TASKS }, () => createTask(busyTask(until)));
  for (const task of tasks) yield* task;
}

async function saturateNatively(): Promise<void> {
  const until = performance.now() + DURATION;
  const busy = async () => {
    while (performance.now() < until) await undefined;
  };
  await Promise.all(Array.from({ length: BUSY_TASKS }, busy));
}

/** Listens to a 1 ms interval of the host while `work` runs. */
async function intervalBeats(work: () => Promise<unknown>): Promise<Beats> {
  let last = performance.now();
  let worst = 0;
  let beats = 0;
  const beat = () => {
    const now = performance.now();
    worst = Math.max(worst, now - last);
    last = now;
    beats++;
  };
  const timer = setInterval(beat, 1);
  await work();
  const during = beats; // beats after the work do not count
  beat();
  clearInterval(timer);
  return { beats: during, worst };
}

/** Runs in the page: counts its animation frames while the work runs. */
const PAGE_PROGRAM = `
  import { createTask, run } from "mysyncio";
  function* busyTask(until) { while (performance.now() < until) yield; }
  const works = {
    *ours() {
      const until = performance.now() + ${DURATION};
      const tasks = Array.from({ length: ${BUSY_TASKS} }, () => createTask(busyTask(until)));
      for (const task of tasks) yield* task;
    },
    async native() {
      const until = performance.now() + ${DURATION};
      const busy = async () => { while (performance.now() < until) await undefined; };
      await Promise.all(Array.from({ length: ${BUSY_TASKS} }, busy));
    },
  };
  globalThis.frameBeats = async (name) => {
    await new Promise(requestAnimationFrame);
    let last = performance.now(), worst = 0, beats = 0, listening = true;
    const beat = () => {
      const now = performance.now();
      worst = Math.max(worst, now - last);
      last = now;
      beats++;
      if (listening) requestAnimationFrame(beat);
    };
    requestAnimationFrame(beat);
    await (name === "ours" ? run(works.ours) : works.native());
    listening = false;
    const during = beats;
    beat();
    return { beats: during, worst };
  };`;

/** Runs the program in a page. Returns undefined if there is no browser. */
async function pageBeats(): Promise<{ ours: Beats; native: Beats } | undefined> {
  const executablePath = findBrowser();
  if (executablePath === undefined) return undefined;
  const { outputFiles } = buildSync({
    stdin: { contents: PAGE_PROGRAM, resolveDir: import.meta.dirname },
    bundle: true,
    format: "esm",
    write: false,
    logLevel: "error",
  });
  const browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
  try {
    const page = await browser.newPage();
    await page.setContent("<!doctype html><title>mysyncio</title>");
    await page.addScriptTag({ type: "module", content: outputFiles[0]?.text ?? "" });
    await page.waitForFunction("globalThis.frameBeats");
    await page.evaluate<Beats>('frameBeats("ours")'); // compiles
    const ours = await page.evaluate<Beats>('frameBeats("ours")');
    const native = await page.evaluate<Beats>('frameBeats("native")');
    return { ours, native };
  } finally {
    await browser.close();
  }
}

async function figures(): Promise<Figure[]> {
  await run(saturate);
  const ours = await intervalBeats(() => run(saturate));
  const native = await intervalBeats(saturateNatively);
  const page = await pageBeats();
  const row = (what: string, heard: Beats | undefined, bound?: number): Figure => ({
    what,
    note: heard === undefined ? "no browser installed" : `${heard.beats} beats`,
    value: heard?.worst,
    unit: "ms",
    ...(bound === undefined ? {} : { atMost: bound }),
  });
  return [
    row("Node, 1 ms interval: worst gap", ours, 20),
    row("the same, async functions", native),
    row("page, animation frames: worst gap", page?.ours, 34),
    row("the same, async functions", page?.native),
  ];
}

export default {
  name: "responsiveness",
  question: "Can the host run while a loop is saturated for a second?",
  measure: async () => ({ figures: await figures() }),
} satisfies Case;
