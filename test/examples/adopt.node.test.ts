// The async code base with one converted function behaves as before, and ends.

import { expect, test } from "vitest";
import { start } from "./program.ts";

test("async functions and a coroutine function call each other, and cancel each other", async () => {
  const { lines, errors, code } = await start("adopt").end();

  expect([errors, code]).toEqual(["", 0]);
  expect(lines.slice(0, 2).toSorted()).toEqual(["Ada: 7", "Bob: 9"]);
  expect(lines.slice(2)).toEqual([
    "Cyd: gave up waiting",
    "  aborted: price of quince, stock of quince",
    "Dan has left: the shop is closing",
    "  aborted: price of quince, stock of quince",
  ]);
});
