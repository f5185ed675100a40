import { type Coroutine, fromPromise, run } from "mysyncio";
import type { Case } from "../harness.ts";
import { count, sized } from "../sizes.ts";

const AWAITS = sized(200_000);

const settled = Promise.resolve(1);

function* awaitInCoroutine(): Coroutine<void> {
  for (let i = 0; i < AWAITS; i++) yield* fromPromise(settled);
}

async function awaitInAsyncFunction(): Promise<void> {
  for (let i = 0; i < AWAITS; i++) await settled;
}

/** The limit: an async function that resumes a generator. */
async function drive(body: Generator<Promise<unknown>, void, unknown>): Promise<void> {
  for (let step = body.next(); !step.done; ) step = body.next(await step.value);
}

function* awaitBarely(): Generator<Promise<number>, void, unknown> {
  for (let i = 0; i < AWAITS; i++) yield settled;
}

export default {
  name: "promise",
  question: "What does it cost to await a promise from a coroutine?",
  comparisons: [
    {
      what: `${count(AWAITS)} settled promises, one after the other`,
      operations: AWAITS,
      ours: { name: "yield* fromPromise", run: () => run(awaitInCoroutine) },
      others: [
        { name: "await", run: awaitInAsyncFunction, atMost: 2.5 },
        { name: "an async function and a bare generator", run: () => drive(awaitBarely()) },
      ],
    },
  ],
} satisfies Case;
