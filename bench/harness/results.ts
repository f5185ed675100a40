// A run as files: bench/results/NAME.json, the overview in NAME.svg, and a picture of each case in
// NAME/.

import { spawnSync } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { relative } from "node:path";
import { fileURLToPath } from "node:url";
import type { Charts } from "./charts/shapes.ts";
import type { Condition } from "./conditions.ts";
import { updateFrontPage } from "./frontPage.ts";
import type { Machine } from "./machine.ts";
import { at } from "./paths.ts";
import { OVERVIEW, overviewOfRuns, picturesOf } from "./pictures.ts";
import type { CaseResult } from "./runCase.ts";

/** A whole run. */
export interface Results {
  /** Printed above every table and picture of it. */
  readonly header: string;
  readonly machine: Machine;
  readonly condition: Condition;
  readonly rounds: number;
  readonly date: string;
  readonly cases: readonly CaseResult[];
}

/** The run that the front page shows and git keeps. */
const COMMITTED = "latest";

/**
 * Installs a folder of the benchmarks that has its own dependencies. @throws Error if that fails
 */
export function setUp(folder: string): void {
  const script = fileURLToPath(at(".ci/setup.mjs"));
  // To stderr, because stdout may be JSON.
  const { status } = spawnSync(process.execPath, [script, folder], { stdio: ["ignore", 2, 2] });
  if (status !== 0) throw new Error(`Could not install the dependencies of ${folder}, see above`);
}

/**
 * Writes runs by the suffixes of their files, draws them, and prints the paths. Without a name, the
 * date of the first run becomes their name.
 */
export async function writeAll(
  runs: ReadonlyMap<string, Results>,
  name: string | undefined,
): Promise<void> {
  const all = [...runs.values()];
  const [first] = all;
  if (first === undefined) return;
  const stem = name ?? nameOf(first.date);
  for (const [suffix, run] of runs) await write(run, `${stem}${suffix}`);
  if (name !== COMMITTED) return;
  const { ratiosSvg } = await chartLibrary();
  writeFileSync(at(`bench/results/${COMMITTED}.svg`), `${ratiosSvg(overviewOfRuns(all))}\n`);
  updateFrontPage(first);
}

/** A name that sorts by time. */
export function nameOf(date: string): string {
  return date.slice(0, 19).replaceAll(":", "-");
}

async function write(results: Results, name: string): Promise<void> {
  const file = writeFigures(results, name);
  const folder = await drawPictures(results, name);
  const here = process.cwd();
  // To stderr, because stdout may be JSON.
  console.error(
    `\nWritten: ${relative(here, file)}, pictures in ${relative(here, folder)}.svg and ${relative(here, folder)}/`,
  );
}

/** Writes the figures. Returns the file. */
function writeFigures(results: Results, name: string): string {
  const file = fileURLToPath(at(`bench/results/${name}.json`));
  mkdirSync(fileURLToPath(at("bench/results")), { recursive: true });
  writeFileSync(file, `${JSON.stringify(results, undefined, 2)}\n`);
  return file;
}

/** @throws Error if the chart library cannot be installed */
async function chartLibrary(): Promise<Charts> {
  setUp("bench/harness/charts");
  return (await import(at("bench/harness/charts/build/charts.js").href)) as Charts;
}

/**
 * Draws the pictures. Returns the folder with the pictures of the cases, beside the overview.
 * @throws Error if the chart library cannot be installed
 */
async function drawPictures(results: Results, name: string): Promise<string> {
  const charts = await chartLibrary();
  const folder = fileURLToPath(at(`bench/results/${name}`));
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  for (const picture of picturesOf(results.cases, results.header)) {
    const svg = "bars" in picture ? charts.barsSvg(picture.bars) : charts.linesSvg(picture.lines);
    const file = picture.name === OVERVIEW ? `${folder}.svg` : `${folder}/${picture.name}.svg`;
    writeFileSync(file, `${svg}\n`);
  }
  return folder;
}
