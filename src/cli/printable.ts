// Makes what a target contains safe to print.
//
// A target names its own tasks, files and workers. In a terminal, a control character in a name
// could move the cursor, recolor what follows or rewrite the clipboard, and a line break could
// forge a line of the report. So such characters are printed as escapes.

/**
 * Control characters, line separators, and characters that reverse the direction of the text that
 * follows.
 */
// biome-ignore lint/suspicious/noControlCharactersInRegex: finding them is the purpose
const UNSAFE = /[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;
/** Longer texts would hide the rest of the report. */
const LONGEST = 500;

/**
 * Returns a text on one line, with escapes in place of what a terminal would interpret. Cuts it
 * after 500 characters.
 */
export function printableText(text: string): string {
  const whole = text.replace(UNSAFE, escapeOf);
  return whole.length > LONGEST ? `${whole.slice(0, LONGEST)}…` : whole;
}

/** Returns a copy of plain data in which each text is printable. */
export function printable<T>(value: T): T {
  return printableValue(value) as T;
}

function printableValue(value: unknown): unknown {
  if (typeof value === "string") return printableText(value);
  if (Array.isArray(value)) return value.map(printableValue);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, own]) => [key, printableValue(own)]));
}

/** Returns JSON that a terminal prints as it is. */
export function printableJson(value: unknown, indent?: number): string {
  // `JSON.stringify` has escaped the line breaks in texts. Those that are left are between values.
  return JSON.stringify(value, null, indent).replace(UNSAFE, (character) =>
    character === "\n" ? character : `\\u${hexOf(character).padStart(4, "0")}`,
  );
}

function escapeOf(character: string): string {
  if (character === "\n") return "\\n";
  const hex = hexOf(character);
  return hex.length > 2 ? `\\u${hex.padStart(4, "0")}` : `\\x${hex.padStart(2, "0")}`;
}

function hexOf(character: string): string {
  return character.charCodeAt(0).toString(16);
}
