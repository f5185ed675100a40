// Random trees of task groups, whose tasks and groups are cancelled at random times, behave as a
// model predicts.

import * as fc from "fast-check";
import { expect, test } from "vitest";
import { scale } from "../support/effort.ts";
import { collectReports } from "../support/reports.ts";
import { newVirtualLoop, runDry } from "../support/virtualLoop.ts";
import { MAX_TIMERS, number, perform, predict, trees } from "./groupTree.ts";

const RUNS = scale(200, 2_000);

test("groups end with the errors, cancellations and counts that the model predicts, and leave nothing behind", () => {
  fc.assert(
    fc.property(trees, (root) => {
      fc.pre(number(root) <= MAX_TIMERS);
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
