// A schedule as a short string, printed by a failing test and accepted by `replay`.
//
//   1:0{12}1002:3{12}3222            version, choices, number of candidates per choice
//   1:0{12}1002:3{12}3222:c4         cancels the main task at its 4th suspension
//   1:0{12}1002:3{12}3222:c4=writer  cancels the task named "writer" instead
//
// Choice 0 is native order: the step that became ready first, or an await that is not delayed. All
// choices after the last number are 0. `x{12}` repeats x twelve times. Numbers from 36 on are in
// parentheses. The numbers of candidates let a replay detect that the program has changed.

import { describe, outOfRange, wrongType } from "../lang/arguments.ts";
import type { Cancel } from "./conditions.ts";
import type { Choices } from "./exploringCore.ts";

export interface Schedule extends Choices {
  readonly cancel: Cancel | undefined;
}

const VERSION = "1";
const BASE = 36;
/** Fewer repetitions than this are written out. */
const MIN_REPEAT = 4;
const NUMBER = /(?:([0-9a-z])|\((\d{1,9})\))(?:\{(\d{1,9})\})?/y;
/** More choices than any run has. Keeps a mistyped repetition from exhausting the memory. */
const MAX_CHOICES = 10_000_000;

/** Returns the number of choices up to the last one that is not 0. */
export function lengthOf(chosen: readonly number[]): number {
  let length = chosen.length;
  while (length > 0 && chosen[length - 1] === 0) length--;
  return length;
}

export function formatSchedule({ chosen, counts, cancel }: Schedule): string {
  const length = lengthOf(chosen);
  const parts = [VERSION, format(chosen.slice(0, length)), format(counts.slice(0, length))];
  if (cancel !== undefined && cancel.at > 0) {
    // `encodeURIComponent` throws for lone surrogates.
    const name = cancel.target.replace(/\p{Surrogate}/gu, "\ufffd");
    const target = name === "" ? "" : `=${encodeURIComponent(name)}`;
    parts.push(`c${cancel.at}${target}`);
  }
  return parts.join(":");
}

/**
 * Parses a schedule. @throws TypeError if it is not a string.
 * @throws RangeError if it is malformed or has another version.
 */
export function parseSchedule(schedule: string): Schedule {
  if (typeof schedule !== "string") {
    throw wrongType("schedule", "a string", schedule);
  }
  const [version, chosen, counts, cancel, ...rest] = schedule.trim().split(":");
  if (version !== VERSION) {
    throw outOfRange("schedule", `a schedule of version ${VERSION}, such as "1:01:22"`, schedule);
  }
  const parsed = {
    chosen: parse(chosen, schedule),
    counts: parse(counts, schedule),
    cancel: cancel === undefined ? undefined : parseCancel(cancel, schedule),
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
    text += times < MIN_REPEAT ? symbol.repeat(times) : `${symbol}{${times}}`;
    at = end;
  }
  return text;
}

function parse(text: string | undefined, schedule: string): number[] {
  if (text === undefined) throw malformed(schedule);
  const numbers: number[] = [];
  NUMBER.lastIndex = 0;
  while (NUMBER.lastIndex < text.length) {
    const found = NUMBER.exec(text);
    if (found === null) throw malformed(schedule);
    const [, digit, number, times = "1"] = found;
    if (numbers.length + Number(times) > MAX_CHOICES) throw malformed(schedule);
    const value = digit === undefined ? Number(number) : Number.parseInt(digit, BASE);
    for (let left = Number(times); left > 0; left--) numbers.push(value);
  }
  return numbers;
}

function parseCancel(text: string, schedule: string): Cancel {
  const found = /^c(\d{1,9})(?:=(.+))?$/.exec(text);
  if (found === null) throw malformed(schedule);
  try {
    return { at: Number(found[1]), target: decodeURIComponent(found[2] ?? "") };
  } catch (cause) {
    throw malformed(schedule, { cause });
  }
}

function malformed(text: string, options?: ErrorOptions): RangeError {
  return new RangeError(
    `Expected \`schedule\` to be the schedule of a ScheduleError, got ${describe(text)}`,
    options,
  );
}
