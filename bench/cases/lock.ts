import { type Coroutine, gather, Lock, run } from "mysyncio";
import type { Case } from "../harness/compare.ts";
import { BareLock, BareLoop, PARKED } from "../native/bareLoop.ts";
import { Mutex } from "../native/mutex.ts";
import { count, sized } from "../sizes.ts";

const TASKS = sized(100);
const TIMES = 1_000;
const FREE = sized(500_000);

function* contend(lock: Lock): Coroutine<void> {
  for (let i = 0; i < TIMES; i++) {
    yield* lock.acquire();
    try {
      yield;
    } finally {
      lock.release();
    }
  }
}

function* contendAll(): Coroutine<void> {
  const lock = new Lock();
  yield* gather(Array.from({ length: TASKS }, () => contend(lock)));
}

async function contendNatively(mutex: Mutex): Promise<void> {
  for (let i = 0; i < TIMES; i++) {
    const turn = mutex.acquire();
    if (turn !== undefined) await turn;
    try {
      await undefined;
    } finally {
      mutex.release();
    }
  }
}

/** As people usually write it: every call that may wait is awaited. */
async function contendAndAwait(mutex: Mutex): Promise<void> {
  for (let i = 0; i < TIMES; i++) {
    await mutex.acquire();
    try {
      await undefined;
    } finally {
      mutex.release();
    }
  }
}

async function contendAllNatively(contendFor: typeof contendNatively): Promise<void> {
  const mutex = new Mutex();
  await Promise.all(Array.from({ length: TASKS }, () => contendFor(mutex)));
}

function* contendBarely(lock: BareLock): Generator<typeof PARKED | undefined, void> {
  for (let i = 0; i < TIMES; i++) {
    if (!lock.take()) yield PARKED;
    try {
      yield;
    } finally {
      lock.release();
    }
  }
}

/** The lower bound: generators, and a list of waiters. */
function contendAllBarely(): void {
  const loop = new BareLoop();
  const lock = new BareLock(loop);
  for (let i = 0; i < TASKS; i++) loop.wake(contendBarely(lock));
  loop.run();
}

function* takeFree(): Coroutine<void> {
  const lock = new Lock();
  for (let i = 0; i < FREE; i++) {
    yield* lock.acquire();
    lock.release();
  }
}

async function takeFreeAndAwait(): Promise<void> {
  const mutex = new Mutex();
  for (let i = 0; i < FREE; i++) {
    await mutex.acquire();
    mutex.release();
  }
}

async function takeFreeNatively(): Promise<void> {
  const mutex = new Mutex();
  for (let i = 0; i < FREE; i++) {
    const turn = mutex.acquire();
    if (turn !== undefined) await turn;
    mutex.release();
  }
}

export default {
  name: "lock",
  question: "What does a lock cost, contended and free?",
  comparisons: [
    {
      what: `${count(TASKS)} tasks take it ${count(TIMES)} times, and give way while they have it`,
      operations: TASKS * TIMES,
      ours: { name: "Lock", run: () => run(contendAll) },
      others: [
        {
          name: "a mutex by hand, always awaited",
          run: () => contendAllNatively(contendAndAwait),
          atLeast: { node24: 1.5, node26: 1.2 },
          lacks: "cancel an `acquire` that waits",
        },
        {
          name: "a mutex by hand, awaited where it must wait",
          run: () => contendAllNatively(contendNatively),
          atLeast: { node24: 1.5, node26: 1.2 },
          lacks: "cancel an `acquire` that waits",
        },
        { name: "bare generators", run: contendAllBarely, isLimit: true },
      ],
      peers: ["lock", TASKS, TIMES],
    },
    {
      what: `${count(FREE)} times taken while it is free`,
      operations: FREE,
      ours: { name: "Lock", run: () => run(takeFree) },
      others: [
        {
          name: "a mutex by hand, always awaited",
          run: takeFreeAndAwait,
          atLeast: { node24: 1.5, node26: 1.2 },
          lacks: "cancel an `acquire` that waits",
        },
        // A compare and a store, which cannot be beaten.
        { name: "a mutex by hand, awaited where it must wait", run: takeFreeNatively },
      ],
    },
  ],
} satisfies Case;
