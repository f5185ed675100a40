// A schedule as a short string, that a test prints and `replay` takes.
//
//   1:0{12}1002:3{12}3222            version, what was chosen, among how many
//   1:0{12}1002:3{12}3222:c4         the main task is cancelled at its 4th suspension
//   1:0{12}1002:3{12}3222:c4=writer  the task of that name is
//
// 0 is who was ready first. What follows the last number is all 0. The second list is there
// so that a replay notices where the program is not the same; `x{12}` is x twelve times.

import { describe } from "../loop/arguments.ts";
import type { Cancel } from "./conditions.ts";
import type { Choices } from "./exploringCore.ts";

export interface Schedule extends Choices {
  readonly cancel: Cancel | undefined;
}

const VERSION = "1";
const BASE = 36;
/** A run that is shorter is written out. */
const SHORTEST_RUN = 4;
const NUMBER = /(?:([0-9a-z])|\((\d{1,9})\))(?:\{(\d{1,9})\})?/y;
/** More choices than any run has: a typing error in a string must not take all memory. */
const MOST_CHOICES = 10_000_000;

/** How many choices there are up to the last one that is not the default. */
export function lengthOf(chosen: readonly number[]): number {
  let length = chosen.length;
  while (length > 0 && chosen[length - 1] === 0) length--;
  return length;
}

export function formatSchedule({ chosen, counts, cancel }: Schedule): string {
  const length = lengthOf(chosen);
  const parts = [VERSION, format(chosen.slice(0, length)), format(counts.slice(0, length))];
  if (cancel !== undefined && cancel.at > 0) {
    // Half a character cannot be encoded; a name with one is not worth more.
    const name = cancel.target.replace(/\p{Surrogate}/gu, "\ufffd");
    const target = name === "" ? "" : `=${encodeURIComponent(name)}`;
    parts.push(`c${cancel.at}${target}`);
  }
  return parts.join(":");
}

/** @throws TypeError if it is no string. @throws RangeError if it is none of ours, or of another version */
export function parseSchedule(schedule: string): Schedule {
  if (typeof schedule !== "string") {
    throw new TypeError(`Expected \`schedule\` to be a string, got ${describe(schedule)}`);
  }
  const [version, chosen, counts, cancel, ...rest] = schedule.trim().split(":");
  if (version !== VERSION) {
    throw new RangeError(
      `Expected \`schedule\` to be of version ${VERSION}, as in "1:01:22", got ${describe(schedule)}`,
    );
  }
  const parsed = {
    chosen: parse(chosen),
    counts: parse(counts),
    cancel: cancel === undefined ? undefined : parseCancel(cancel),
  };
  const isWhole =
    rest.length === 0 &&
    parsed.chosen.length === parsed.counts.length &&
    parsed.chosen.every((choice, at) => choice < (parsed.counts[at] as number));
  if (!isWhole) throw malformed(schedule);
  return parsed;
}

function format(numbers: readonly number[]): string {
  let text = "";
  for (let at = 0; at < numbers.length; ) {
    const number = numbers[at] as number;
    let end = at + 1;
    while (numbers[end] === number) end++;
    const symbol = number < BASE ? number.toString(BASE) : `(${number})`;
    const times = end - at;
    text += times < SHORTEST_RUN ? symbol.repeat(times) : `${symbol}{${times}}`;
    at = end;
  }
  return text;
}

function parse(text: string | undefined): number[] {
  if (text === undefined) throw malformed("");
  const numbers: number[] = [];
  NUMBER.lastIndex = 0;
  while (NUMBER.lastIndex < text.length) {
    const found = NUMBER.exec(text);
    if (found === null) throw malformed(text);
    const [, digit, number, times = "1"] = found;
    if (numbers.length + Number(times) > MOST_CHOICES) throw malformed(text);
    const value = digit === undefined ? Number(number) : Number.parseInt(digit, BASE);
    for (let left = Number(times); left > 0; left--) numbers.push(value);
  }
  return numbers;
}

function parseCancel(text: string): Cancel {
  const found = /^c(\d{1,9})(?:=(.+))?$/.exec(text);
  if (found === null) throw malformed(text);
  try {
    return { at: Number(found[1]), target: decodeURIComponent(found[2] ?? "") };
  } catch (cause) {
    throw malformed(text, { cause });
  }
}

function malformed(text: string, options?: ErrorOptions): RangeError {
  return new RangeError(
    `Expected \`schedule\` to be the string of a ScheduleError, got ${describe(text)}`,
    options,
  );
}
