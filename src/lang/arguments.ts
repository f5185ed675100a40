// Argument checks. Public functions check their arguments once, before they do anything else.
// Errors name the argument, the expected domain, and the value.

/** Describes a value for an error message: short, on one line, with its type. */
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

/** Returns the error for an argument of the wrong type. */
export function wrongType(name: string, domain: string, value: unknown): TypeError {
  return new TypeError(`Expected \`${name}\` to be ${domain}, got ${describe(value)}`);
}

/** Returns the error for an argument of the right type but with an invalid value. */
export function outOfRange(name: string, domain: string, value: unknown): RangeError {
  return new RangeError(wrongType(name, domain, value).message);
}

/** @throws TypeError unless `value` is a function */
export function checkFunction(name: string, value: unknown): void {
  if (typeof value !== "function") throw notFunction(name, value);
}

function notFunction(name: string, value: unknown): TypeError {
  return wrongType(name, "a function", value);
}

/**
 * Checks a number of milliseconds. Infinity is valid.
 *
 * @throws TypeError unless `value` is a number
 * @throws RangeError for NaN
 */
export function checkTime(name: string, value: unknown): void {
  if (typeof value !== "number") {
    throw wrongType(name, "a number of milliseconds", value);
  }
  if (Number.isNaN(value)) throw outOfRange(name, "a number of milliseconds", value);
}

/**
 * @throws TypeError unless `value` is a number
 * @throws RangeError unless it is an integer >= `least` or Infinity
 */
export function checkCount(name: string, value: unknown, least = 0): void {
  if (typeof value !== "number") throw wrongType(name, "a number", value);
  if (value >= least && (Number.isInteger(value) || value === Infinity)) return;
  throw outOfRange(name, `a whole number${least > -Infinity ? ` >= ${least}` : ""}`, value);
}

/** @throws TypeError unless `value` is an object */
export function checkOptions(value: unknown): void {
  if (typeof value !== "object" || value === null) {
    throw wrongType("options", "an object", value);
  }
}

/** @throws TypeError unless `value` is a string */
export function checkString(name: string, value: unknown): void {
  if (typeof value !== "string") {
    throw wrongType(name, "a string", value);
  }
}

/** @throws TypeError unless `value` is a boolean */
export function checkBoolean(name: string, value: unknown): void {
  if (typeof value !== "boolean") throw wrongType(name, "a boolean", value);
}

/** @throws TypeError unless `value` is one of `choices` */
export function checkChoice(name: string, value: unknown, choices: readonly string[]): void {
  if (choices.includes(value as string)) return;
  const domain = choices.map((choice) => JSON.stringify(choice)).join(" or ");
  throw wrongType(name, domain, value);
}

function shorten(text: string): string {
  return text.length > 40 ? `${text.slice(0, 39)}...` : text;
}

function className(value: object): string {
  const { [Symbol.toStringTag]: tag } = value as { [Symbol.toStringTag]?: unknown };
  // Bundlers add an underscore to a class that refers to itself.
  return String(tag ?? value.constructor?.name ?? "Object").replace(/^_/, "");
}
