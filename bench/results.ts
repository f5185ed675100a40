// A run as files: bench/results/NAME.json, and its pictures in bench/results/NAME/.

import { spawnSync } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { relative } from "node:path";
import { fileURLToPath } from "node:url";
import type { Charts } from "./charts/shapes.ts";
import { updateFrontPage } from "./frontPage.ts";
import type { Machine } from "./machine.ts";
import { picturesOf } from "./pictures.ts";
import { at } from "./places.ts";
import type { CaseResult } from "./runCase.ts";

/** A whole run. */
export interface Results {
  /** Stands above every table and picture of it. */
  readonly header: string;
  readonly machine: Machine;
  readonly rounds: number;
  readonly date: string;
  readonly cases: readonly CaseResult[];
}

/** The run that the front page shows, and git keeps. */
const COMMITTED = "latest";

/** Makes a folder of the benchmarks ready that has dependencies of its own. @throws Error if that fails */
export function setUp(folder: string): void {
  const script = fileURLToPath(at(".ci/setup.mjs"));
  // To stderr, as stdout may be JSON.
  const { status } = spawnSync(process.execPath, [script, folder], { stdio: ["ignore", 2, 2] });
  if (status !== 0) throw new Error(`Could not install what ${folder} needs: see above`);
}

/** A name that sorts by time. */
export function nameOf(date: string): string {
  return date.slice(0, 19).replaceAll(":", "-");
}

/** Writes a run, draws it, and says where. Without a name its date is its name. */
export async function write(results: Results, name = nameOf(results.date)): Promise<void> {
  const file = writeFigures(results, name);
  const folder = await drawPictures(results, name);
  if (name === COMMITTED) updateFrontPage(results);
  const here = process.cwd();
  // To stderr, as stdout may be JSON.
  console.error(`\nWritten: ${relative(here, file)}, pictures in ${relative(here, folder)}/`);
}

/** Writes the figures. Returns the file. */
function writeFigures(results: Results, name: string): string {
  const file = fileURLToPath(at(`bench/results/${name}.json`));
  mkdirSync(fileURLToPath(at("bench/results")), { recursive: true });
  writeFileSync(file, `${JSON.stringify(results, undefined, 2)}\n`);
  return file;
}

/** Draws the pictures. Returns their folder. @throws Error if what draws them cannot be installed */
async function drawPictures(results: Results, name: string): Promise<string> {
  setUp("bench/charts");
  const charts = (await import(at("bench/charts/build/charts.js").href)) as Charts;
  const folder = fileURLToPath(at(`bench/results/${name}`));
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  for (const picture of picturesOf(results.cases, results.header)) {
    const svg = "bars" in picture ? charts.barsSvg(picture.bars) : charts.linesSvg(picture.lines);
    writeFileSync(`${folder}/${picture.name}.svg`, `${svg}\n`);
  }
  return folder;
}
