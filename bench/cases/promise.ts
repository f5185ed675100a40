import { type Coroutine, fromPromise, gather, run } from "mysyncio";
import type { Case } from "../harness/compare.ts";
import { count, sized } from "../sizes.ts";

const AWAITS = sized(200_000);
const TASKS = sized(100);

const settled = Promise.resolve(1);

function* awaitInCoroutine(): Coroutine<void> {
  for (let i = 0; i < AWAITS; i++) yield* fromPromise(settled);
}

async function awaitInAsyncFunction(): Promise<void> {
  for (let i = 0; i < AWAITS; i++) await settled;
}

const eachAwaits = AWAITS / TASKS;

function* awaitInSeveral(): Coroutine<void> {
  function* awaitSome(): Coroutine<void> {
    for (let i = 0; i < eachAwaits; i++) yield* fromPromise(settled);
  }
  yield* gather(Array.from({ length: TASKS }, awaitSome));
}

async function awaitInSeveralAsyncFunctions(): Promise<void> {
  async function awaitSome(): Promise<void> {
    for (let i = 0; i < eachAwaits; i++) await settled;
  }
  await Promise.all(Array.from({ length: TASKS }, awaitSome));
}

/** The lower bound: an async function that resumes a generator. */
async function drive(body: Generator<Promise<unknown>, void, unknown>): Promise<void> {
  for (let step = body.next(); !step.done; ) step = body.next(await step.value);
}

function* awaitBarely(times = AWAITS): Generator<Promise<number>, void, unknown> {
  for (let i = 0; i < times; i++) yield settled;
}

/** What `yield*` needs at least: an iterator, which returns the promise and then its value. */
class Wait<T> implements Iterator<Promise<T>, T> {
  readonly #promise: Promise<T>;
  #isOver = false;

  constructor(promise: Promise<T>) {
    this.#promise = promise;
  }

  [Symbol.iterator](): this {
    return this;
  }

  next(value?: unknown): IteratorResult<Promise<T>, T> {
    if (this.#isOver) return { done: true, value: value as T };
    this.#isOver = true;
    return { done: false, value: this.#promise };
  }
}

function* awaitByDelegation(times = AWAITS): Generator<Promise<number>, void, unknown> {
  for (let i = 0; i < times; i++) yield* new Wait(settled) as Iterable<Promise<number>, number>;
}

/** What an `await` lacks. */
const LACKS = "be cancelled";

export default {
  name: "promise",
  question: "What does awaiting a promise in a coroutine cost?",
  comparisons: [
    {
      what: `${count(AWAITS)} settled promises, one after the other`,
      operations: AWAITS,
      ours: { name: "yield* fromPromise", run: () => run(awaitInCoroutine) },
      others: [
        { name: "await", run: awaitInAsyncFunction, atMost: 2, lacks: LACKS },
        { name: "an async function and a bare generator", run: () => drive(awaitBarely()) },
        {
          name: "the same with a `yield*` each",
          run: () => drive(awaitByDelegation()),
          isLimit: true,
        },
      ],
    },
    {
      what: `the same, in ${count(TASKS)} tasks`,
      operations: AWAITS,
      ours: { name: "yield* fromPromise", run: () => run(awaitInSeveral) },
      others: [
        { name: "await", run: awaitInSeveralAsyncFunctions, atMost: 2, lacks: LACKS },
        {
          name: "async functions and bare generators",
          run: () =>
            Promise.all(Array.from({ length: TASKS }, () => drive(awaitBarely(eachAwaits)))),
        },
        {
          name: "the same with a `yield*` each",
          run: () =>
            Promise.all(Array.from({ length: TASKS }, () => drive(awaitByDelegation(eachAwaits)))),
          isLimit: true,
        },
      ],
    },
  ],
} satisfies Case;
