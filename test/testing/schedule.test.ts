import fc from "fast-check";
import { expect, test } from "vitest";
import { formatSchedule, parseSchedule } from "../../src/testing/schedule.ts";

const pair = fc
  .integer({ min: 2, max: 60 })
  .chain((count) => fc.tuple(fc.nat({ max: count - 1 }), fc.constant(count)));
const schedule = fc
  .record({
    pairs: fc.array(fc.oneof({ weight: 3, arbitrary: fc.constant([0, 3]) }, pair)),
    at: fc.nat({ max: 3 }),
    target: fc.string(),
  })
  .map(({ pairs, at, target }) => ({
    chosen: pairs.map(([choice]) => choice as number),
    counts: pairs.map(([, count]) => count as number),
    cancel: at === 0 ? undefined : { at, target },
  }));

test("a schedule string contains the whole schedule, up to its last departure from native order", () => {
  fc.assert(
    fc.property(schedule, (original) => {
      const parsed = parseSchedule(formatSchedule(original));
      const length = original.chosen.findLastIndex((choice) => choice > 0) + 1;
      expect(parsed).toEqual({
        chosen: original.chosen.slice(0, length),
        counts: original.counts.slice(0, length),
        cancel: original.cancel,
      });
    }),
  );
});

test("a schedule string shortens repetitions", () => {
  const chosen = [...Array(12).fill(0), 1, 40, 0, 0, 2, 0, 0];
  const counts = [...Array(12).fill(3), 2, 50, 2, 2, 3, 3, 3];
  const text = "1:0{12}1(40)002:3{12}2(50)223:c4=a%20b";

  expect(formatSchedule({ chosen, counts, cancel: { at: 4, target: "a b" } })).toBe(text);
});

test.each([
  "",
  "2::",
  "1",
  "1:0",
  "1:1:2:x",
  "1:1:1",
  "1:12:2",
  "1:0{999999999}:0",
  "1:!:2",
  "1:1:2:c1:c1",
  "1:::c1=%",
  "1:::c1=%ff",
  "1:::c-1",
  "1:::c1=",
  "1:(:(",
  "1:{4}:{4}",
  "1:0{4:2{4",
  "1:(9999999999):(9999999999)",
  "1:1:2\n1:1:2",
  "１:1:2",
])("the schedule string %j is rejected", (text) => {
  expect(() => parseSchedule(text)).toThrow(RangeError);
});

test("a name with half a surrogate pair can be encoded in a schedule string", () => {
  const text = formatSchedule({ chosen: [], counts: [], cancel: { at: 1, target: "a\ud800" } });

  expect(parseSchedule(text).cancel).toEqual({ at: 1, target: "a\ufffd" });
});

test("a schedule that is not a string is rejected", () => {
  expect(() => parseSchedule(42 as never)).toThrow(TypeError);
});
