// A test with its own virtual loop and trace: `import { loop, test, trace } from
// ".../virtualTest.ts"`.
//
// The loop and the trace are variables of this module rather than arguments of the test, so that a
// file's helper functions can use them too.

import { test as base } from "vitest";
import type { EventLoop } from "../../src/index.ts";
import { newVirtualLoop } from "./virtualLoop.ts";

/** The loop of the running test. No time passes on it. */
export let loop: EventLoop;
/** The events of the running test, compared once at its end. */
export let trace: string[];

export const test = base.extend<{ loop: EventLoop; trace: string[] }>({
  loop: [
    // biome-ignore lint/correctness/noEmptyPattern: Vitest reads off it which fixtures this one needs
    async ({}, use) => {
      loop = newVirtualLoop();
      await use(loop);
      // Vitest keeps it, and a page has room for the memories of about a hundred loops.
      loop.close();
    },
    { auto: true },
  ],
  trace: [
    // biome-ignore lint/correctness/noEmptyPattern: as above
    async ({}, use) => {
      trace = [];
      await use(trace);
    },
    { auto: true },
  ],
});
