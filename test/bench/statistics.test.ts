import { describe, expect, test } from "vitest";
import { median, summarize } from "../../bench/harness/statistics.ts";

describe("summarize", () => {
  test("takes the middle one of an odd number of values as the median, whatever their order", () => {
    expect(median([5, 1, 3])).toBe(3);
  });

  test("takes the mean of the two middle ones of an even number of values as the median", () => {
    expect(median([4, 1, 2, 3])).toBe(2.5);
  });

  test("returns half the interquartile range relative to the median as the spread", () => {
    expect(summarize([8, 9, 10, 11, 12])).toEqual({ median: 10, spread: 0.1 });
  });

  test("is not affected by one outlier", () => {
    expect(summarize([8, 9, 10, 11, 1_000])).toEqual({ median: 10, spread: 0.1 });
  });

  test("finds no spread in one value", () => {
    expect(summarize([7])).toEqual({ median: 7, spread: 0 });
  });

  test("rejects an empty list", () => {
    expect(() => summarize([])).toThrow(RangeError);
  });
});
