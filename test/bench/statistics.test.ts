import { describe, expect, test } from "vitest";
import { median, summarize } from "../../bench/statistics.ts";

describe("summarize", () => {
  test("takes the middle of an odd number of values in any order", () => {
    expect(median([5, 1, 3])).toBe(3);
  });

  test("takes what lies between the two in the middle of an even number", () => {
    expect(median([4, 1, 2, 3])).toBe(2.5);
  });

  test("gives half the range of the middle half in parts of the median", () => {
    expect(summarize([8, 9, 10, 11, 12])).toEqual({ median: 10, spread: 0.1 });
  });

  test("is not moved by one value that is far off", () => {
    expect(summarize([8, 9, 10, 11, 1_000])).toEqual({ median: 10, spread: 0.1 });
  });

  test("finds no spread in one value", () => {
    expect(summarize([7])).toEqual({ median: 7, spread: 0 });
  });

  test("refuses to say anything about nothing", () => {
    expect(() => summarize([])).toThrow(RangeError);
  });
});
