// A few of the rounds of `npm run attach:rounds`.

import { expect, test } from "vitest";
import { attachRounds } from "../rounds/attachRounds.mjs";

test("attaching and detaching never ends a program, never hangs, and leaves nothing open", {
  timeout: 600_000,
}, async () => {
  const tally = await attachRounds(process.execPath, 2);

  expect(String(tally)).toBe("0 deaths, 0 hangs, 0 leftovers, 0 wrong outputs");
  expect(tally.rounds).toBe(18);
});
