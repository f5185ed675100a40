// Writes the figures of a run into the README, which never contains figures typed by hand.

import { readFileSync, writeFileSync } from "node:fs";
import { at } from "./paths.ts";

const BEGIN = "<!-- benchmarks -->";
const END = "<!-- /benchmarks -->";

/** Shows a run on the front page. */
export function updateFrontPage({ header }: { readonly header: string }): void {
  const page = at("README.md");
  writeFileSync(page, withRun(readFileSync(page, "utf8"), header));
}

/** A page with the header line of a run between the marks. @throws Error if it has no marks */
export function withRun(page: string, header: string): string {
  const begin = page.indexOf(BEGIN);
  const end = page.indexOf(END);
  if (begin < 0 || end < begin) throw new Error(`Expected ${BEGIN} and ${END} in README.md`);
  const picture = "![Speed relative to native promises, case by case](bench/results/latest.svg)";
  return `${page.slice(0, begin)}${BEGIN}\n\n${picture}\n\n${header}\n\n${page.slice(end)}`;
}
