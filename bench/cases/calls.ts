import { type Coroutine, coroutine, run } from "mysyncio";
import type { Case } from "../harness/compare.ts";
import { BareLoop } from "../native/bareLoop.ts";
import { count, sized } from "../sizes.ts";

const CALLS = sized(500_000);
const SUSPENDING_CALLS = sized(300_000);

function* plain(n: number): Coroutine<number> {
  return n + 1;
}
const decorated = coroutine(plain);
async function native(n: number): Promise<number> {
  return n + 1;
}

const suspending = coroutine(function* (n: number): Coroutine<number> {
  yield;
  return n + 1;
});
async function nativeSuspending(n: number): Promise<number> {
  await undefined;
  return n + 1;
}

function* callDecorated(): Coroutine<number> {
  let n = 0;
  for (let i = 0; i < CALLS; i++) n = yield* decorated(n);
  return n;
}
function* callPlain(): Coroutine<number> {
  let n = 0;
  for (let i = 0; i < CALLS; i++) n = yield* plain(n);
  return n;
}
async function callNative(): Promise<number> {
  let n = 0;
  for (let i = 0; i < CALLS; i++) n = await native(n);
  return n;
}
function* callSuspending(): Coroutine<number> {
  let n = 0;
  for (let i = 0; i < SUSPENDING_CALLS; i++) n = yield* suspending(n);
  return n;
}
async function callNativeSuspending(): Promise<number> {
  let n = 0;
  for (let i = 0; i < SUSPENDING_CALLS; i++) n = await nativeSuspending(n);
  return n;
}

function* suspendBarely(n: number): Generator<undefined, number> {
  yield;
  return n + 1;
}
function* callBarely(): Generator<undefined, number> {
  let n = 0;
  for (let i = 0; i < SUSPENDING_CALLS; i++) n = yield* suspendBarely(n);
  return n;
}

/** The lower bound: the same generators, stepped by the simplest possible loop. */
function stepCallsBarely(): void {
  const loop = new BareLoop();
  loop.wake(callBarely());
  loop.run();
}

export default {
  name: "calls",
  question: "What does calling a coroutine cost?",
  comparisons: [
    {
      what: `${count(CALLS)} calls that do not suspend`,
      operations: CALLS,
      ours: { name: "decorated", run: () => run(callDecorated) },
      others: [
        { name: "plain generator", run: () => run(callPlain), atMost: 1.5, isLimit: true },
        {
          name: "async function",
          run: callNative,
          atLeast: { node24: 1.1, node26: 1 },
          lacks: "be cancelled",
        },
      ],
    },
    {
      what: `${count(SUSPENDING_CALLS)} calls that suspend once`,
      operations: SUSPENDING_CALLS,
      ours: { name: "decorated", run: () => run(callSuspending) },
      others: [
        {
          name: "async function",
          run: callNativeSuspending,
          atLeast: { node24: 0.95, node26: 0.9 },
          lacks: "be cancelled",
        },
        { name: "bare generators", run: stepCallsBarely, isLimit: true },
      ],
    },
  ],
} satisfies Case;
