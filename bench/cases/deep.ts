import { type Coroutine, coroutine, run } from "mysyncio";
import type { Case, Comparison } from "../harness/compare.ts";
import { BareLoop } from "../native/bareLoop.ts";
import { count, sized } from "../sizes.ts";

const RESUMES = sized(200_000);
const DEEP = 1_000;
const DEEPEST = sized(100_000);

const descend = coroutine(function* (depth: number, resumes: number): Coroutine<void> {
  if (depth > 1) return yield* descend(depth - 1, resumes);
  for (let i = 0; i < resumes; i++) yield;
});

async function descendNatively(depth: number, resumes: number): Promise<void> {
  if (depth > 1) return await descendNatively(depth - 1, resumes);
  for (let i = 0; i < resumes; i++) await undefined;
}

/** The lower bound: a generator that has no depth. */
function resumeBarely(): void {
  const loop = new BareLoop();
  loop.wake(
    (function* () {
      for (let i = 0; i < RESUMES; i++) yield;
    })(),
  );
  loop.run();
}

const deep = (others: Comparison["others"]): Comparison => ({
  what: "resumes at depth 1,000",
  operations: RESUMES,
  ours: { name: "mysyncio", run: () => run(() => descend(DEEP, RESUMES)) },
  others,
});

export default {
  name: "deep",
  question: "Does the depth of the call chain matter when a task is resumed?",
  comparisons: [
    deep([
      {
        name: "at depth 1",
        run: () => run(() => descend(1, RESUMES)),
        atMost: 1.3,
        isOurs: true,
      },
      {
        name: "async functions",
        run: () => descendNatively(DEEP, RESUMES),
        atLeast: { node24: 1, node26: 0.8 },
        lacks: "be cancelled",
      },
      { name: "a bare generator without depth", run: resumeBarely, isLimit: true },
    ]),
    {
      what: `recursion ${count(DEEPEST)} deep, one suspension`,
      operations: DEEPEST,
      ours: { name: "mysyncio", run: () => run(() => descend(DEEPEST, 1)) },
      // Native recursion overflows the stack at a much smaller depth.
      others: [],
    },
  ],
} satisfies Case;
