// The picture of a failing run as a self-contained HTML file without scripts or requests.

import type { Timeline, TimelineItem } from "./timeline.ts";

/** A failing run. */
export interface FailingRun {
  /** What went wrong, in one line. */
  readonly headline: string;
  /** The message of the ScheduleError. */
  readonly message: string;
  readonly timeline: Timeline;
  /** Whether the run failed at the last item, rather than only stopped there. */
  readonly failsAtEnd: boolean;
}

const COLUMN = 28;
const ROW = 40;
const TOP = 26;
const SIDE = 14;
/** How many of the last items are drawn. */
const DRAWN = 1_000;

const STYLE = `
:root { color-scheme: light dark; --line: #8886; --step: #2f6feb; --wait: #8883; --bad: #d1242f; --odd: #b35900 }
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem; }
h1 { font-size: 1.2rem; overflow-wrap: anywhere; }
pre { background: #8881; padding: 1rem; overflow: auto; }
.picture { display: flex; border: 1px solid var(--line); overflow: auto; }
.names { position: sticky; left: 0; background: Canvas; padding: ${TOP}px 10px 0; border-right: 1px solid var(--line); z-index: 1; }
.names div { height: ${ROW}px; line-height: ${ROW}px; white-space: nowrap; max-width: 18rem; overflow: hidden; text-overflow: ellipsis; }
svg { flex: none; font: 11px system-ui, sans-serif; }
text { fill: currentColor; }
.lane { stroke: var(--line); }
.step { fill: var(--step); }
.odd { fill: var(--odd); }
.bad { fill: var(--bad); }
.wait { fill: var(--wait); }
.stuck { fill: var(--bad); opacity: .45; }
.label { opacity: .8; }
.arrow { fill: none; stroke: currentColor; opacity: .55; marker-end: url(#head); }
.arrow:hover { opacity: 1; stroke-width: 2.5; }
table { border-collapse: collapse; }
th, td { text-align: left; padding: .1rem .8rem .1rem 0; vertical-align: top; overflow-wrap: anywhere; }
td:first-child, td:nth-child(2) { text-align: right; white-space: nowrap; }
`;

/** Returns the page. */
export function htmlOf({ headline, message, timeline, failsAtEnd }: FailingRun): string {
  const { items, lanes } = timeline;
  const first = Math.max(0, items.length - DRAWN);
  const isLast = (at: number) => failsAtEnd && at === items.length - 1;
  const rows = items.slice(first).map((item, index) => rowOf(item, first + index, lanes));
  const left = first > 0 ? `<p>The last ${DRAWN} of ${items.length} steps.</p>` : "";
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width">
<title>${asText(headline)}</title>
<style>${STYLE}</style>
<h1>${asText(headline)}</h1>
${left}
<div class="picture" tabindex="0" role="region" aria-label="Timeline">
<div class="names">${lanes.map((name) => `<div title="${asText(name)}">${asText(name)}</div>`).join("")}</div>
${pictureOf(timeline, first, isLast)}
</div>
<p>Each box is a step, numbered as in the table. Gray bars are waits; red bars never ended. An arrow leads from a step to the step that it
made possible. Orange boxes differ from native order.</p>
<pre>${asText(message)}</pre>
<table>
<thead><tr><th>Step<th>Time<th>Who<th>What</tr></thead>
<tbody>
${rows.join("\n")}
</tbody>
</table>
</html>
`;
}

function pictureOf(
  { items, lanes, waits }: Timeline,
  first: number,
  isLast: (at: number) => boolean,
): string {
  const x = (at: number) => SIDE + (at - first) * COLUMN + COLUMN / 2;
  const y = (lane: number) => TOP + lane * ROW + ROW / 2;
  const width = 2 * SIDE + (items.length - first) * COLUMN;
  const height = TOP + lanes.length * ROW + 8;
  const parts = lanes.map(
    (_, lane) => `<line class="lane" x1="0" x2="${width}" y1="${y(lane)}" y2="${y(lane)}"/>`,
  );
  for (const { lane, from, to, label } of waits) {
    if (to !== undefined && to <= first) continue;
    const [left, right] = [x(Math.max(from, first)), to === undefined ? width : x(to)];
    const style = to === undefined ? "stuck" : "wait";
    const box = `x="${left}" y="${y(lane) - 6}" width="${Math.max(0, right - left)}" height="12"`;
    parts.push(`<rect class="${style}" ${box}><title>${asText(label)}</title></rect>`);
    // Draw the label only if it fits. A tooltip on the bar shows it in any case.
    if (right - left < 6 * label.length) continue;
    parts.push(`<text class="label" x="${left + 14}" y="${y(lane) - 9}">${asText(label)}</text>`);
  }
  for (const [at, { cause, lane }] of items.entries()) {
    const from = cause === undefined || cause < first ? undefined : items[cause];
    if (from === undefined || from.lane === lane) continue;
    const [x1, y1, x2] = [x(cause as number), y(from.lane), x(at)];
    // The arrow ends at the edge of the box.
    const y2 = y(lane) + (from.lane < lane ? -11 : 11);
    const middle = (y1 + y2) / 2;
    const path = `M${x1} ${y1}C${x1} ${middle} ${x2} ${middle} ${x2} ${y2}`;
    const title = `step ${(cause as number) + 1} made step ${at + 1} possible`;
    parts.push(`<path class="arrow" d="${path}"><title>${title}</title></path>`);
  }
  let time: number | undefined;
  for (const [at, item] of items.entries()) {
    if (at < first) continue;
    if (item.time !== time) {
      time = item.time;
      parts.push(`<text x="${x(at) - 10}" y="14">${time} ms</text>`);
    }
    const style = isLast(at) ? "bad" : item.departures.length > 0 ? "odd" : "step";
    const title = asText([`${at + 1}. ${item.text}`, ...item.departures].join("\n"));
    const box = `x="${x(at) - 10}" y="${y(item.lane) - 10}" width="20" height="20" rx="3"`;
    parts.push(
      `<g><title>${title}</title><rect class="${style}" ${box}/>` +
        `<text x="${x(at)}" y="${y(item.lane) + 4}" text-anchor="middle" style="fill:#fff">${at + 1}</text></g>`,
    );
  }
  const head = `<defs><marker id="head" viewBox="0 0 6 6" refX="5" refY="3" markerWidth="7" markerHeight="7" orient="auto"><path d="M0 0L6 3L0 6z"/></marker></defs>`;
  const label = `The timeline of ${items.length} steps, listed in the table below`;
  return `<svg role="img" aria-label="${label}" width="${width}" height="${height}">${head}${parts.join("")}</svg>`;
}

function rowOf(item: TimelineItem, at: number, lanes: readonly string[]): string {
  const { cause, departures, lane, text, time } = item;
  const why = cause === undefined ? "" : ` (after step ${cause + 1})`;
  const cell = [text + why, ...departures].map(asText).join("<br>");
  return `<tr><td>${at + 1}<td>${time} ms<td>${asText(lanes[lane] ?? "")}<td>${cell}</tr>`;
}

const ENTITIES: Readonly<Record<string, string>> = {
  ...{ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" },
};

function asText(text: string): string {
  // Also replaces the characters that HTML forbids.
  return text
    .replace(/[&<>"']/g, (character) => ENTITIES[character] as string)
    .replace(/[^\t\n\r\u0020-\u007e\u00a0-\u{10ffff}]|\p{Surrogate}/gu, "\ufffd");
}
