// Formats durations and counts, and picks the color of a kind of wait, for all panels alike.

const UNITS = [
  [86_400_000, "d"],
  [3_600_000, "h"],
  [60_000, "min"],
  [1_000, "s"],
  [1, "ms"],
  [0.001, "µs"],
] as const;

/** Formats a duration, given in milliseconds, with up to three digits, such as `1.25 s`. */
export function formatDuration(milliseconds: number): string {
  if (!Number.isFinite(milliseconds)) return "never";
  const size = Math.abs(milliseconds);
  if (size < 0.001) return "0 ms";
  // Rounded before the unit is chosen, so that 999.9 ms becomes 1 s.
  const rounded = Number(size.toPrecision(3));
  const [factor, unit] = UNITS.find(([one]) => rounded >= one) ?? UNITS[5];
  return `${milliseconds < 0 ? "−" : ""}${Number((rounded / factor).toPrecision(3))} ${unit}`;
}

export function formatCount(count: number): string {
  return count.toLocaleString("en");
}

/** Formats a count with its noun, such as `3 tasks`. */
export function countOf(count: number, noun: string): string {
  return `${formatCount(count)} ${noun}${count === 1 ? "" : "s"}`;
}

const HUES: readonly (readonly [hue: string, kinds: RegExp])[] = [
  ["sleep", /^(Sleep|Timeout)/],
  ["lock", /^(Lock|RLock|Semaphore|BoundedSemaphore|Condition|Event|Barrier|RWLock)/],
  ["queue", /Queue|^Channel/],
  ["call", /Call$/],
  ["task", /^(Task|Gather|Wait|Shield|Race|All|Any)/],
];

/** Returns the name of the color in which a kind of wait is drawn. */
export function hueOf(kind: string): string {
  return HUES.find(([, kinds]) => kinds.test(kind))?.[0] ?? "outside";
}
