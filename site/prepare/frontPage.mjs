// The parts of the front page that are facts: made from the last kept run of the benchmarks, the
// built package and the last run of the compatibility matrix.

import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { budgets } from "../../.ci/size.mjs";
import { marked, readmeSection } from "./guides.mjs";
import { at, CONTENT } from "./places.mjs";

/** The comparisons with what a program would use otherwise, in the order of the run. */
const SHOWN = new Map([
  ["spawn", "async functions"],
  ["switch", "async functions"],
  ["future", "promises"],
  ["cancel", "AbortController"],
  ["timeout", "Promise.race"],
  ["timers", "setTimeout"],
  ["gather", "Promise.all"],
  ["taskGroup", "promises, a group by hand"],
  ["webServer", "promises, Promise.race"],
  ["promise", "await"],
]);

/** The cases whose figure is how many times as long ours takes. */
const COSTS = new Set(["promise"]);

/**
 * A file of bench/results.
 *
 * @typedef {object} Results
 * @property {string} header
 * @property {string} date
 * @property {"alone" | "mixed" | "collected" | "cold"} condition
 * @property {{ name: string, question: string, figures: { what: string, value?: number }[], outcomes: { what: string, others: { name: string, ratio: { median: number } }[] }[] }[]} cases
 */

/** @typedef {Results & { node: string }} Run */

/**
 * The columns for each condition: on how many Nodes, counted from the newest, and what the heading
 * says besides the Node.
 */
const COLUMNS = /** @type {const} */ ({
  alone: { nodes: 3, text: "" },
  mixed: { nodes: 2, text: ", all in one process" },
  collected: { nodes: 1, text: ", after collections" },
  cold: { nodes: 1, text: ", first 10 ms: times the hot cost" },
});

/** Writes the parts, which the front page includes. */
export function writeFrontPage() {
  mkdirSync(`${CONTENT}/parts`, { recursive: true });
  for (const [name, text] of Object.entries({
    demo: `\`\`\`ts\n${readFileSync(at("site/src/elements/downloads.ts"), "utf8")}\`\`\``,
    speed: speedChart(),
    sizes: sizeTable(),
    compatibility: marked("docs/compatibility.md", "matrix").split("\n\n")[0] ?? "",
    whenNot: readmeSection("When not to use it"),
  })) {
    writeFileSync(`${CONTENT}/parts/${name}.md`, `${text}\n`);
  }
}

/**
 * How many times as fast, on each Node and under each condition of the last kept run. The bars show
 * the newest Node that has the case, on a logarithmic scale around 1, where both are equally fast.
 */
function speedChart() {
  const runs = keptRuns();
  const rows = [...SHOWN].flatMap(([name, rival]) => {
    const ratios = runs.map((run) => ratioOf(run, name));
    const newest = ratios.findLast(
      (ratio, index) => ratio !== undefined && runs[index]?.condition === "alone",
    );
    const question = runs.flatMap(({ cases }) => cases).find((one) => one.name === name)?.question;
    return newest === undefined ? [] : [{ name, rival, question, ratios, newest }];
  });
  const missing = [...SHOWN.keys()].filter((name) => !rows.some((row) => row.name === name));
  if (rows.length === 0) throw new Error("The kept runs in bench/results compare nothing");
  if (missing.length > 0) console.warn(`The kept runs don't compare: ${missing.join(", ")}`);
  rows.sort((a, b) => b.newest - a.newest);
  const extent = Math.max(...rows.map(({ newest }) => Math.abs(Math.log2(newest))));
  const body = rows.map(({ name, question, rival, ratios, newest }) => {
    const cells = ratios.map((ratio, index) => {
      const cold = coldCost(/** @type {Run} */ (runs[index]), name);
      if (cold !== undefined) return `<td class="ratio">${format(cold)}×</td>`;
      return ratio === undefined
        ? `<td class="ratio">not measured</td>`
        : `<td class="ratio ${side(ratio)}">${format(ratio)}×</td>`;
    });
    return [
      `<tr><th scope="row">${question}</th>`,
      `<td class="rival">${rival}</td>`,
      `<td class="bar">${bar(newest, extent)}</td>`,
      `${cells.join("")}</tr>`,
    ].join("");
  });
  const heads = runs.map(
    ({ node, condition }) => `<th scope="col" class="ratio">${node}${COLUMNS[condition].text}</th>`,
  );
  return [
    `<div class="speed" role="region" aria-label="Speed, compared" tabindex="0">`,
    "<table>",
    `<thead><tr><th scope="col">question</th><th scope="col">compared with</th><th scope="col" class="bar">times as fast, on the newest Node</th>${heads.join("")}</tr></thead>`,
    `<tbody>${body.join("")}</tbody>`,
    "</table>",
    "</div>",
    "",
    ...runs.map(({ header, date }) => `<p class="fineprint">${header}, on ${day(date)}</p>`),
  ].join("\n");
}

/**
 * The runs that git keeps and the table shows, by condition, and then from the oldest Node to the
 * newest.
 *
 * @returns {Run[]}
 */
function keptRuns() {
  const runs = readdirSync(at("bench/results"))
    .filter((name) => /^latest.*\.json$/.test(name))
    .map((name) => {
      /** @type {Results} */
      const results = JSON.parse(readFileSync(at(`bench/results/${name}`), "utf8"));
      return { ...results, node: /^Node \d+/.exec(results.header)?.[0] ?? results.header };
    });
  if (runs.length === 0) throw new Error("Expected a kept run in bench/results");
  runs.sort((a, b) => a.node.localeCompare(b.node, "en", { numeric: true }));
  return Object.entries(COLUMNS).flatMap(([condition, { nodes }]) =>
    runs.filter((run) => run.condition === condition).slice(-nodes),
  );
}

/**
 * The cost of a case in the first 10 ms of a fresh process, as a multiple of the hot cost, if the
 * run has it.
 *
 * @param {Run} run @param {string} name
 */
function coldCost({ cases }, name) {
  const { figures = [] } = cases.find((one) => one.name === name) ?? {};
  return figures.find(({ what }) => what.endsWith("first 10 ms"))?.value;
}

/** How many times as fast as its rival, if the run has both. @param {Run} run @param {string} name */
function ratioOf({ cases }, name) {
  const { ratio } =
    cases
      .find((one) => one.name === name)
      ?.outcomes[0]?.others.find((one) => one.name === SHOWN.get(name)) ?? {};
  if (ratio === undefined) return undefined;
  return COSTS.has(name) ? 1 / ratio.median : ratio.median;
}

/** @param {string} date */
function day(date) {
  return new Date(date).toLocaleDateString("en-GB", { dateStyle: "long", timeZone: "UTC" });
}

/** @param {number} ratio @param {number} extent */
function bar(ratio, extent) {
  const width = (Math.abs(Math.log2(ratio)) / extent) * 50;
  const start = ratio >= 1 ? 50 : 50 - width;
  return [
    `<svg width="100%" height="12" aria-hidden="true">`,
    `<rect class="${side(ratio)}" x="${start.toFixed(1)}%" width="${width.toFixed(1)}%" height="12" rx="2"/>`,
    `<rect class="axis" x="50%" width="1" height="12"/></svg>`,
  ].join("");
}

/** @param {number} ratio */
function side(ratio) {
  return ratio >= 1 ? "faster" : "slower";
}

/** @param {number} ratio */
function format(ratio) {
  return ratio < 100 ? ratio.toPrecision(2) : ratio.toFixed(0);
}

/** The sizes that matter to most readers, by the name of the budget. */
const SIZES = new Map([
  [
    "import { run, createTask, sleep, gather }, gzipped",
    "a small program, with `run`, `createTask`, `sleep` and `gather`",
  ],
  ["main entry for a browser, gzipped", "everything in `mysyncio`"],
  ["core.wasm", "the WebAssembly core, part of both (uncompressed)"],
  ["mysyncio/fleet, gzipped", "`mysyncio/fleet`, for calls on other machines"],
  ["<mysyncio-inspector>, gzipped", "`<mysyncio-inspector>`, for development"],
]);

function sizeTable() {
  const all = new Map(budgets().map(({ name, size }) => [name, size]));
  const rows = [...SIZES].map(([name, what]) => {
    const size = all.get(name);
    if (size === undefined) throw new Error(`Expected a size budget named "${name}"`);
    return `| ${what} | ${(size / 1024).toFixed(1)} KiB |`;
  });
  return ["| what | size |", "| --- | --: |", ...rows].join("\n");
}
