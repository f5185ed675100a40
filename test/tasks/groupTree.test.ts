// Random trees of task groups, of which tasks and groups are cancelled at any time, do what their times say.

import * as fc from "fast-check";
import { expect, test } from "vitest";
import { collectReports } from "../support/reports.ts";
import { newVirtualLoop, runDry } from "../support/virtualLoop.ts";
import { MOST_TIMERS, number, perform, predict, trees } from "./groupTree.ts";

const RUNS = 2_000;

test("groups end with the errors, the cancels and the counts that their times say, and leave nothing behind", () => {
  fc.assert(
    fc.property(trees, (root) => {
      fc.pre(number(root) <= MOST_TIMERS);
      const loop = newVirtualLoop();
      const reports = collectReports(loop);
      const account = perform(root, loop);
      runDry(loop);
      const left = [...loop._slots];
      loop.close();

      expect([...account].sort()).toEqual(predict(root));
      expect([left, reports]).toEqual([[], []]);
    }),
    { numRuns: RUNS },
  );
});
