// What `mysyncio warnings` says about what it can't see.

import { expect, test } from "vitest";
import { warningsText } from "../../src/cli/warningsReport.ts";

const textWith = (...unrecorded: string[]) =>
  warningsText(
    {
      ...{ pid: 12, thread: null, program: "/app.js", seconds: 4 },
      loops: [{ id: 1, time: 0, tasks: 3, unrecorded, warnings: [] }],
    },
    20,
  ).split("\n");

test("if nobody recorded lock holders, the report says that deadlocks over locks can't be found", () => {
  const lines = textWith("Lock 1", "Lock 2");

  expect(lines[0]).toContain("no warnings in 4.0 s, with 3 tasks");
  expect(lines[1]).toContain("Tasks wait for Lock 1, Lock 2, but nobody recorded who holds them");
  expect(lines[2]).toContain("mysyncio/inspector/register");
  expect(textWith(..."123456".split("").map((n) => `Lock ${n}`))[1]).toContain("and 2 more");
});

test("a wait for a single lock is not reported as a possible deadlock", () => {
  expect(textWith("Lock 1")).toHaveLength(1);
});
