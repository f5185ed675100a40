// The picture of a failing run as a Mermaid sequence diagram in a Markdown file, which GitHub,
// GitLab and most editors can draw.

import type { FailingRun } from "./html.ts";

/** How many of the last steps the diagram contains. Viewers refuse long diagrams. */
const DRAWN = 60;

/** Returns the Markdown. */
export function mermaidOf({ headline, message, timeline, failsAtEnd }: FailingRun): string {
  const { items, lanes } = timeline;
  const first = Math.max(0, items.length - DRAWN);
  const shown = items.slice(first);
  const used = [...new Set(shown.map(({ lane }) => lane))].sort((a, b) => a - b);
  const lines = [
    "sequenceDiagram",
    ...used.map((lane) => `    participant L${lane} as ${encode(lanes[lane] ?? "")}`),
  ];
  let time: number | undefined;
  for (const [index, { cause, departures, lane, text, ...item }] of shown.entries()) {
    if (item.time !== time) {
      time = item.time;
      lines.push(`    Note over L${used[0]},L${used.at(-1)}: ${time} ms`);
    }
    const words = encode([`${first + index + 1}. ${text}`, ...departures].join(", "));
    const from = cause === undefined || cause < first ? undefined : items[cause];
    lines.push(
      from === undefined || from.lane === lane
        ? `    Note over L${lane}: ${words}`
        : `    L${from.lane}->>L${lane}: ${words}`,
    );
  }
  const last = shown.at(-1);
  if (failsAtEnd && last !== undefined) {
    lines.push(`    Note over L${last.lane}: ${encode(headline)}`);
  }
  const fence = fenceOf(message);
  return [
    ...["# A failing schedule", "", `${fence}text`, message, fence, ""],
    ...["```mermaid", ...lines, "```", ""],
  ].join("\n");
}

/**
 * Returns the first line of a text. Encodes characters that may have a meaning in Mermaid or
 * Markdown.
 */
function encode(text: string): string {
  const [line = ""] = text.trim().split("\n");
  const encoded = line.replace(
    /[^\p{L}\p{N} .,:()/_"'`=!?*+@$-]/gu,
    (character) => `#${character.codePointAt(0)};`,
  );
  // In Mermaid, this word ends a block.
  return encoded.replace(/\bend\b/gi, (word) => `#${word.charCodeAt(0)};${word.slice(1)}`) || "-";
}

/** Returns a code fence that is longer than any fence in the text. */
function fenceOf(text: string): string {
  const longest = Math.max(2, ...Array.from(text.matchAll(/`+/g), ([ticks]) => ticks.length));
  return "`".repeat(longest + 1);
}
