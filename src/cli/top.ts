// `mysyncio top`: what a target does, second by second.

import type { Target } from "../inspector/node/target.ts";
import { Interruption } from "./interruption.ts";
import { LOOK_OPTIONS, type LookOptions, lookOptions } from "./lookOptions.ts";
import { loopThreads, ofEach } from "./loopThreads.ts";
import { printable, printableJson } from "./printable.ts";
import { withTarget } from "./targetCommand.ts";
import { topText } from "./topReport.ts";
import { TopSampler } from "./topSampler.ts";

const DEFAULTS = { limit: 20, seconds: Infinity };
const INTERVAL = 1_000;
/** Moves to the first line, and clears everything below. */
const CLEAR = "\x1b[H\x1b[J";

/**
 * Prints once a second what a target does, until the user interrupts the command or `--seconds`
 * have passed.
 */
export function top(args: string[]): Promise<void> {
  return withTarget(args, LOOK_OPTIONS, (values) => lookOptions(values, DEFAULTS), show);
}

async function show(target: Target, { limit, seconds, json }: LookOptions): Promise<void> {
  const samplers = (await loopThreads(target)).map((thread) => new TopSampler(thread));
  const next = () => ofEach(samplers, (sampler) => sampler.next(limit));
  const interruption = new Interruption();
  try {
    await next(); // counting starts
    for (let shown = 0; shown < seconds; shown++) {
      await interruption.wait(INTERVAL);
      if (interruption.isInterrupted) return;
      const samples = await next();
      if (json) {
        for (const sample of samples) console.log(printableJson(sample));
        continue;
      }
      const text = samples.map((sample) => topText(printable(sample))).join("\n\n");
      if (process.stdout.isTTY) process.stdout.write(CLEAR + fitted(text));
      else console.log(`${text}\n`);
    }
  } finally {
    interruption.stop();
  }
}

/** Cuts a text to the size of the terminal, so that it doesn't scroll. */
function fitted(text: string): string {
  const { columns, rows } = process.stdout;
  const lines = text.split("\n").slice(0, rows - 1);
  return `${lines.map((line) => line.slice(0, columns)).join("\n")}\n`;
}
