// How values look in the console of a page.

const DEEPEST = 3;
const MAX_ITEMS = 50;

/** The arguments of a `console` call, as one text. */
export function formatAll(values: readonly unknown[]): string {
  return values.map((value) => (typeof value === "string" ? value : format(value))).join(" ");
}

export function format(value: unknown, depth = 0): string {
  if (typeof value === "string") return JSON.stringify(value);
  if (typeof value === "bigint") return `${value}n`;
  if (typeof value === "function") return `[function ${value.name || "(anonymous)"}]`;
  if (typeof value !== "object" || value === null) return String(value);
  if (value instanceof Error) return formatError(value);
  if (depth >= DEEPEST) return Array.isArray(value) ? "[...]" : "{...}";
  if (Array.isArray(value)) return `[${listOf(value, (item) => format(item, depth + 1))}]`;
  if (value instanceof Set) {
    return `Set {${listOf([...value], (item) => format(item, depth + 1))}}`;
  }
  if (value instanceof Map) {
    const show = ([key, item]: [unknown, unknown]) =>
      `${format(key, depth + 1)} => ${format(item, depth + 1)}`;
    return `Map {${listOf([...value], show)}}`;
  }
  const name = Object.getPrototypeOf(value)?.constructor?.name ?? "";
  const entries = Object.entries(value);
  const fields = listOf(entries, ([key, item]) => `${key}: ${format(item, depth + 1)}`);
  const body = entries.length === 0 ? "{}" : `{ ${fields} }`;
  return name === "Object" || name === "" ? body : `${name} ${body}`;
}

/** Matches a place in the program. For the browser, the program is a blob. */
const PLACE = /blob:[^\s)]*?:(\d+):\d+/;

/** A report, with the lines of the program in place of the browser's addresses. */
export function withLines(report: string): string {
  return report.replaceAll(new RegExp(PLACE, "g"), "line $1");
}

/** An error, with the line of the program that threw it, and the errors it consists of. */
export function formatError(error: Error): string {
  const line = PLACE.exec(error.stack ?? "")?.[1];
  const where = line === undefined ? "" : ` (line ${line})`;
  const parts = error instanceof AggregateError ? error.errors : [];
  const inside = parts.map((part) => `\n  - ${format(part).replaceAll("\n", "\n    ")}`);
  return `${error.name}: ${error.message}${where}${inside.join("")}`;
}

function listOf<Item>(items: readonly Item[], show: (item: Item) => string): string {
  const shown = items.slice(0, MAX_ITEMS).map(show);
  if (items.length > MAX_ITEMS) shown.push(`... ${items.length - MAX_ITEMS} more`);
  return shown.join(", ");
}
