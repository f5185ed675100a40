// Scenarios of correct packages. Each logs what happens, and asserts what holds whatever takes how
// long. They must pass when awaits in them are explored, and log the same with marked awaits in the
// packages as without.

import assert from "node:assert/strict";

/** @typedef {(log: (event: unknown) => void, io: <T>(answer: T) => Promise<T>) => Promise<void>} Scenario */

const pause = (/** @type {number} */ delay) => new Promise((done) => setTimeout(done, delay));

/** Counts how many calls run at once. */
function gauge() {
  let running = 0;
  const state = { most: 0 };
  const run = async (/** @type {() => Promise<unknown>} */ body) => {
    state.most = Math.max(state.most, ++running);
    try {
      return await body();
    } finally {
      running--;
    }
  };
  return { state, run };
}

/** @type {Readonly<Record<string, () => Promise<Scenario>>>} */
export const CORRECT = {
  async "p-queue keeps its concurrency"() {
    const { default: PQueue } = await import("p-queue");
    return async (log, io) => {
      const queue = new PQueue({ concurrency: 2 });
      const { state, run } = gauge();
      const jobs = [1, 2, 3, 4, 5].map((n) => queue.add(() => run(async () => log(await io(n)))));
      await Promise.all(jobs);
      await queue.onIdle();
      assert(state.most <= 2);
      log(queue.size + queue.pending);
    };
  },
  async "p-queue runs by priority"() {
    const { default: PQueue } = await import("p-queue");
    return async (log) => {
      const queue = new PQueue({ concurrency: 1, autoStart: false });
      const started = [];
      for (const priority of [1, 3, 2]) queue.add(() => void started.push(priority), { priority });
      queue.start();
      await queue.onIdle();
      assert.deepEqual(started, [3, 2, 1]);
      log(started);
    };
  },
  async "p-limit keeps its concurrency and its order"() {
    const { default: pLimit } = await import("p-limit");
    return async (log, io) => {
      const limit = pLimit(2);
      const { state, run } = gauge();
      const results = await Promise.all(
        [1, 2, 3, 4].map((n) =>
          limit(() =>
            run(async () => {
              log(n);
              return io(n);
            }),
          ),
        ),
      );
      assert.deepEqual(results, [1, 2, 3, 4]);
      assert(state.most <= 2);
    };
  },
  async "p-map maps in order"() {
    const { default: pMap } = await import("p-map");
    return async (log, io) => {
      const { state, run } = gauge();
      const mapper = (/** @type {number} */ n) => run(async () => (await io(n)) * 2);
      const results = await pMap([1, 2, 3, 4], mapper, { concurrency: 3 });
      assert.deepEqual(results, [2, 4, 6, 8]);
      assert(state.most <= 3);
      log(results);
    };
  },
  async "p-retry retries until it works"() {
    const { default: pRetry } = await import("p-retry");
    return async (log, io) => {
      let calls = 0;
      const call = async () => {
        const attempt = ++calls;
        log(await io(attempt));
        if (attempt < 3) throw new Error("again");
        return attempt;
      };
      assert.equal(await pRetry(call, { retries: 3, minTimeout: 1, factor: 1 }), 3);
    };
  },
  async "p-timeout settles once"() {
    const { default: pTimeout } = await import("p-timeout");
    return async (log) => {
      const outcome = await pTimeout(pause(50), { milliseconds: 5, fallback: () => "late" });
      assert.equal(outcome, "late");
      log(outcome);
    };
  },
  async "p-throttle delays what is over the limit"() {
    const { default: pThrottle } = await import("p-throttle");
    return async (log, io) => {
      const throttled = pThrottle({ limit: 2, interval: 20 })(async (n) => io(n));
      const results = await Promise.all([1, 2, 3, 4].map((n) => throttled(n)));
      assert.deepEqual(results, [1, 2, 3, 4]);
      log(results);
    };
  },
  async "p-event resolves with the next event"() {
    const { pEvent } = await import("p-event");
    const { EventEmitter } = await import("node:events");
    return async (log) => {
      const emitter = new EventEmitter();
      setTimeout(() => emitter.emit("done", 5), 5);
      const value = await pEvent(emitter, "done");
      assert.equal(value, 5);
      log(value);
    };
  },
  async "p-all keeps order"() {
    const { default: pAll } = await import("p-all");
    return async (log, io) => {
      const results = await pAll([() => io(1), async () => (await io(2)) + 1], { concurrency: 1 });
      assert.deepEqual(results, [1, 3]);
      log(results);
    };
  },
  async "p-memoize calls once for concurrent callers"() {
    const { default: pMemoize } = await import("p-memoize-9.0.0");
    return async (log, io) => {
      let calls = 0;
      const load = pMemoize(async (/** @type {string} */ key) => {
        calls++;
        return io(`${key}!`);
      });
      const values = await Promise.all([load("a"), load("a"), load("b")]);
      assert.deepEqual([...values, calls], ["a!", "a!", "b!", 2]);
      log(values);
    };
  },
  async "dataloader loads each key once"() {
    const { default: DataLoader } = await import("dataloader");
    return async (log, io) => {
      const seen = [];
      const loader = new DataLoader(async (keys) => {
        seen.push(...keys);
        return io(keys.map((key) => `${key}!`));
      });
      const values = await Promise.all([loader.load("a"), loader.load("b"), loader.load("a")]);
      assert.deepEqual(values, ["a!", "b!", "a!"]);
      assert.deepEqual(seen, ["a", "b"]);
      log(values);
    };
  },
  async "async-sema admits as many as it says"() {
    const { Sema } = (await import("async-sema")).default;
    return async (log, io) => {
      const semaphore = new Sema(2);
      const { state, run } = gauge();
      const work = async (/** @type {number} */ n) => {
        await semaphore.acquire();
        try {
          await run(async () => log(await io(n)));
        } finally {
          semaphore.release();
        }
      };
      await Promise.all([work(1), work(2), work(3), work(4)]);
      assert(state.most <= 2);
    };
  },
  async "async-mutex excludes"() {
    const { Mutex } = await import("async-mutex-0.4.0");
    return async (log, io) => {
      const mutex = new Mutex();
      let stored = 0;
      const add = () =>
        mutex.runExclusive(async () => {
          const old = stored;
          await io(undefined);
          stored = old + 1;
        });
      await Promise.all([add(), add(), add()]);
      assert.equal(stored, 3);
      log(stored);
    };
  },
  async "lru-cache fetches once"() {
    const { LRUCache } = await import("lru-cache-11.5.3");
    return async (log, io) => {
      let calls = 0;
      const fetchMethod = (/** @type {string} */ key) => {
        calls++;
        return io(`${key}!`);
      };
      const cache = new LRUCache({ max: 3, fetchMethod });
      const values = await Promise.all([cache.fetch("a"), cache.fetch("a")]);
      assert.deepEqual([...values, calls], ["a!", "a!", 1]);
      log(values);
    };
  },
  async "limiter admits its tokens"() {
    const { RateLimiter } = await import("limiter-4.0.0");
    return async (log) => {
      const limiter = new RateLimiter({ tokensPerInterval: 2, interval: 30 });
      for (const n of [1, 2, 3]) {
        await limiter.removeTokens(1);
        log(n);
      }
    };
  },
  async "bottleneck runs one at a time"() {
    const { default: Bottleneck } = await import("bottleneck");
    return async (log, io) => {
      const limiter = new Bottleneck({ maxConcurrent: 1 });
      const { state, run } = gauge();
      const jobs = [1, 2, 3].map((n) => limiter.schedule(() => run(async () => log(await io(n)))));
      await Promise.all(jobs);
      assert.equal(state.most, 1);
    };
  },
};
