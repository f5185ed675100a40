// Arguments are checked at the facade, once, before anything has happened.
// The error names the argument, the domain that was expected and the value that came.

/** Words for a value in an error message: short, on one line, with its type. */
export function describe(value: unknown): string {
  switch (typeof value) {
    case "undefined":
      return "`undefined`";
    case "string":
      return `\`${JSON.stringify(shorten(value))}\` (string)`;
    case "function":
      return `\`${shorten(String(value.name || "anonymous"))}\` (function)`;
    case "object":
      return value === null ? "`null`" : `\`${className(value)}\` (object)`;
    default:
      return `\`${String(value)}\` (${typeof value})`;
  }
}

/** The error for an argument that is not what it must be. */
export function wrongType(name: string, domain: string, value: unknown): TypeError {
  return new TypeError(`Expected \`${name}\` to be ${domain}, got ${describe(value)}`);
}

/** `TypeError` unless `value` can be called. */
export function checkFunction(name: string, value: unknown): void {
  if (typeof value !== "function") {
    throw wrongType(name, "a function", value);
  }
}

/** `TypeError` unless `value` is a number, `RangeError` for NaN. Infinity is a time that never comes. */
export function checkTime(name: string, value: unknown): void {
  if (typeof value !== "number") {
    throw wrongType(name, "a number of milliseconds", value);
  }
  if (Number.isNaN(value)) {
    throw new RangeError(`Expected \`${name}\` to be a number of milliseconds, got \`NaN\``);
  }
}

/** `TypeError` unless `value` is a number, `RangeError` unless it is a whole one from `least` on, or Infinity. */
export function checkCount(name: string, value: unknown, least = 0): void {
  if (typeof value !== "number") throw wrongType(name, "a number", value);
  if (value >= least && (Number.isInteger(value) || value === Infinity)) return;
  throw new RangeError(
    `Expected \`${name}\` to be a whole number >= ${least}, got ${describe(value)}`,
  );
}

/** `TypeError` unless `value` is an object of options or not given. */
export function checkOptions(value: unknown): void {
  if (typeof value !== "object" || value === null) {
    throw wrongType("options", "an object", value);
  }
}

/** `TypeError` unless `value` is a string. */
export function checkString(name: string, value: unknown): void {
  if (typeof value !== "string") {
    throw wrongType(name, "a string", value);
  }
}

/** `TypeError` unless `value` is true or false. */
export function checkBoolean(name: string, value: unknown): void {
  if (typeof value !== "boolean") throw wrongType(name, "a boolean", value);
}

/** `TypeError` unless `value` is one of `choices`. */
export function checkChoice(name: string, value: unknown, choices: readonly string[]): void {
  if (choices.includes(value as string)) return;
  const domain = choices.map((choice) => JSON.stringify(choice)).join(" or ");
  throw wrongType(name, `${domain}`, value);
}

function shorten(text: string): string {
  return text.length > 40 ? `${text.slice(0, 39)}...` : text;
}

function className(value: object): string {
  const { [Symbol.toStringTag]: tag } = value as { [Symbol.toStringTag]?: unknown };
  return String(tag ?? value.constructor?.name ?? "Object");
}
