// The programs that the playground offers.

export interface Sample {
  readonly title: string;
  readonly tab: "run" | "inspect" | "explore";
  readonly program: string;
}

const FETCHES = `import { fromPromise, moveOnAfter, run, taskGroup } from "mysyncio";

// A server that is slow to answer. It stops when the signal aborts, as \`fetch\` does.
function slowFetch(name: string, delay: number, signal: AbortSignal): Promise<string> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => resolve(\`answer of \${name}\`), delay);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      console.log(\`\${name}: request aborted\`);
      reject(signal.reason);
    });
  });
}

const finished = await run(() =>
  moveOnAfter(500, () =>
    taskGroup(function* (group) {
      for (const [name, delay] of [["first", 200], ["second", 800]] as const) {
        group.createTask(function* () {
          console.log(yield* fromPromise((signal) => slowFetch(name, delay, signal)));
        });
      }
      return true;
    }),
  ),
);

console.log(finished ? "all answered" : "moved on after 500 ms");
`;

const DAY = `import { getRunningLoop, run, sleep } from "mysyncio";

// On the virtual clock, a day of sleeps takes no time. On the real clock, press Cancel.
await run(function* () {
  const loop = getRunningLoop();
  const start = loop.time();
  for (let hour = 1; hour <= 24; hour++) {
    yield* sleep(3_600_000);
    console.log(\`hour \${hour}: \${(loop.time() - start) / 1_000} s\`);
  }
});
`;

const QUEUE = `import { Queue, run, sleep, taskGroup } from "mysyncio";

const queue = new Queue<number>(2);

await run(() =>
  taskGroup(function* (group) {
    group.createTask(function* produce() {
      for (let item = 1; item <= 6; item++) {
        yield* queue.put(item);
        console.log(\`put \${item}\`);
      }
      queue.shutdown();
    });
    for (const name of ["ann", "bob"]) {
      group.createTask(function* consume() {
        for (;;) {
          try {
            console.log(\`\${name} got \${yield* queue.get()}\`);
          } catch {
            return console.log(\`\${name} goes home\`);
          }
          yield* sleep(100);
        }
      });
    }
  }),
);
`;

const CACHE = `import { createTask, gather, sleep, type Coroutine, type Task } from "mysyncio";

// Loads a price on first use. Can you see the bug? \`explore\` can.
class PriceCache {
  cached: number | undefined;
  loading: Task<number> | undefined;
  load: () => Coroutine<number>;

  constructor(load: () => Coroutine<number>) {
    this.load = load;
  }

  *get(): Coroutine<number> {
    if (this.cached !== undefined) return this.cached;
    this.loading ??= createTask(this.load);
    this.cached = yield* this.loading;
    this.loading = undefined;
    return this.cached;
  }

  invalidate(): void {
    this.cached = undefined;
  }
}

export function* main(): Coroutine<void> {
  let stored = 1;
  const cache = new PriceCache(function* load() {
    const price = stored;
    yield* sleep(1); // reading takes a while
    return price;
  });
  const reader = createTask(cache.get());
  yield* sleep(0);
  const writer = createTask(function* change() {
    yield* sleep(1); // writing takes a while
    stored = 2;
    yield; // writes a log entry
    cache.invalidate();
  });
  yield* gather([reader, writer]);
  if ((yield* cache.get()) !== 2) throw new Error("an old price is in the cache");
}
`;

const DEADLOCK = `import { createTask, gather, Lock, type Coroutine } from "mysyncio";

// Two transfers lock two accounts in different orders.
export function* main(): Coroutine<void> {
  const [ann, bob] = [new Lock(), new Lock()];
  function* transfer(from: Lock, to: Lock): Coroutine<void> {
    yield* from.acquire();
    yield; // looks up the balance
    yield* to.acquire();
    to.release();
    from.release();
  }
  yield* gather([createTask(transfer(ann, bob)), createTask(transfer(bob, ann))]);
}
`;

const KITCHEN = `import { currentTask, Lock, Queue, run, sleep, taskGroup } from "mysyncio";

// Three cooks, one oven and a counter for two plates. Watch who waits for what.
const oven = new Lock();
const counter = new Queue<string>(2);

function* cook(dish: string) {
  currentTask()?.setName(\`cook of \${dish}\`);
  for (let plate = 1; plate <= 3; plate++) {
    yield* oven.with(() => sleep(300)); // one at a time
    yield* counter.put(\`\${dish} \${plate}\`); // waits while the counter is full
  }
}

function* waiter() {
  currentTask()?.setName("waiter");
  for (;;) {
    console.log(\`serves \${yield* counter.get()}\`);
    yield* sleep(400);
  }
}

await run(() =>
  taskGroup(function* kitchen(group) {
    group.createTask(waiter, { background: true });
    for (const dish of ["soup", "pie", "cake"]) group.createTask(cook(dish));
  }),
);
`;

export const SAMPLES: readonly Sample[] = [
  { title: "Requests with a deadline", tab: "run", program: FETCHES },
  { title: "A day of sleeps", tab: "run", program: DAY },
  { title: "A queue and two consumers", tab: "run", program: QUEUE },
  { title: "Inspect: a busy kitchen", tab: "inspect", program: KITCHEN },
  { title: "Explore: a cache with a bug", tab: "explore", program: CACHE },
  { title: "Explore: a deadlock", tab: "explore", program: DEADLOCK },
];
