import { existsSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { filesOf, LANES, LISTS, laneOf, PROJECTS, TEST_FILES } from "./lanes.ts";

test("every test file belongs to a project", () => {
  const files = new Set(PROJECTS.flatMap((project) => filesOf(project, undefined)));

  expect([...files].sort()).toEqual(TEST_FILES);
});

test.each(PROJECTS)("the usual and the exhaustive lane together contain all of %s", (project) => {
  const files = new Set([...filesOf(project, "usual"), ...filesOf(project, "exhaustive")]);

  expect([...files].sort()).toEqual(filesOf(project, undefined));
});

test.each(PROJECTS)(
  "the exhaustive lane includes the files of %s whose tests repeat more often in it",
  (project) => {
    const scaled = [
      ...["test/cancelPoints/base.test.ts", "test/sync/queueModel.test.ts"], // through another module
      ...["test/testing/primitives.test.ts", "test/remote/kill.browser.test.ts"],
    ];
    const expected = scaled.filter((file) => filesOf(project, undefined).includes(file));

    expect(filesOf(project, "exhaustive")).toEqual(expect.arrayContaining(expected));
  },
);

test("every file of the fast lane is also in the usual lane, and runs in Node over the compiled core", () => {
  const fast = PROJECTS.filter((project) => filesOf(project, "fast").length > 0);

  expect(fast).toEqual(["node-wasm", "node-alone-wasm"]);
  for (const project of fast) {
    expect(filesOf(project, "usual")).toEqual(expect.arrayContaining(filesOf(project, "fast")));
  }
});

test.each(Object.entries(LISTS))("the list %s has only files that exist", (_, list) => {
  expect(list.filter((entry) => !existsSync(new URL(`../${entry}`, import.meta.url)))).toEqual([]);
});

describe("a lane's name", () => {
  test("may be omitted", () => {
    expect([laneOf(undefined), laneOf("")]).toEqual([undefined, undefined]);
  });

  test("must be one of the existing lanes", () => {
    expect(LANES.map(laneOf)).toEqual(LANES);
    expect(() => laneOf("slow")).toThrow(
      'Expected MYSYNCIO_LANE to be one of fast, usual, exhaustive, got "slow"',
    );
  });
});
