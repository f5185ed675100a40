// Known bugs of published packages: each scenario fails with the version that has the bug, and
// passes with the one that mends it. One file, because it is a list.

import assert from "node:assert/strict";
import { io as marked } from "../../dist/testing.js";

/**
 * @typedef {object} KnownBug
 * @property {string} bug what goes wrong
 * @property {string} bad the package with the bug
 * @property {string} [good] the package without it
 * @property {number} [latest] the run that finds it at the latest, by default 100
 * @property {boolean} [isFoundUnmarked] whether awaits alone find it, with ordinary stubs
 * @property {(module: any) => () => Promise<void>} scenario
 */

/** An ordinary stub, whose answers nothing marks. */
const plain = async (/** @type {any} */ answer) =>
  typeof answer === "function" ? answer() : answer;

/** The stubs of the scenarios: their answers come at any time, or are those of ordinary code. */
const stubs = { io: marked };
const io = (/** @type {any} */ answer) => stubs.io(answer);

/** Runs a scenario with ordinary stubs. */
export const unmarked = (/** @type {() => Promise<void>} */ main) => async () => {
  stubs.io = plain;
  try {
    await main();
  } finally {
    stubs.io = marked;
  }
};

const pause = (/** @type {number} */ delay) => new Promise((done) => setTimeout(done, delay));

/** Five callers share two tokens for each second. */
const limiter =
  (/** @type {any} */ { RateLimiter }) =>
  async () => {
    const limit = new RateLimiter({ tokensPerInterval: 2, interval: 1000 });
    const start = Date.now();
    let early = 0;
    const call = async () => {
      await limit.removeTokens(1);
      if (Date.now() - start < 1000) early++;
    };
    await Promise.all([call(), call(), call(), call(), call()]);
    assert(early <= 2, `${early} calls in the first second`);
  };

/** Each of three callers holds the lock for a while, and releases it by name. */
const releases =
  (/** @type {any} */ { Mutex }) =>
  async () => {
    const mutex = new Mutex();
    const work = async () => {
      await mutex.acquire();
      await io(1);
      mutex.release();
    };
    await Promise.all([work(), work(), work()]);
  };

/** Waits until the lock is free, while another caller queues for it. */
const waitsForUnlock =
  (/** @type {any} */ { Mutex }) =>
  async () => {
    const mutex = new Mutex();
    const first = await mutex.acquire();
    const second = (async () => {
      const release = await mutex.acquire();
      await pause(5);
      release();
    })();
    const waiter = (async () => {
      await mutex.waitForUnlock();
      assert(!mutex.isLocked(), "the lock is held after waitForUnlock");
    })();
    await pause(1);
    first();
    await Promise.all([second, waiter]);
  };

/** The result is cleared while the function still runs. */
const memoizes =
  (isPlain = false) =>
  (/** @type {any} */ { default: pMemoize, pMemoizeClear }) =>
  async () => {
    let stored = 1;
    const load = async () => {
      const value = stored;
      await io(undefined);
      return value;
    };
    const cache = new Map();
    const price = pMemoize(load, isPlain ? { cache } : {});
    const reader = price();
    const writer = (async () => {
      await io(undefined);
      stored = 2;
      pMemoizeClear(price);
    })();
    await Promise.all([reader, writer]);
    assert.equal(await price(), 2, "an old price is memoized");
  };

/** A value is invalidated while it is being loaded. */
const loads =
  (/** @type {(loader: any) => Promise<any>} */ read) =>
  (/** @type {any} */ { Loader }) =>
  async () => {
    let stored = "old";
    const get = async () => {
      const value = stored;
      await io(undefined);
      return value;
    };
    const loader = new Loader({
      inMemoryCache: { cacheType: "lru-map", ttlInMsecs: 99_999_999, maxItems: 10 },
      dataSourceGetOneFn: get,
      dataSourceGetManyFn: async () => [{ id: "key", value: await get() }],
      cacheKeyFromValueResolver: (/** @type {{ id: string }} */ { id }) => id,
    });
    const reader = read(loader);
    const writer = (async () => {
      await io(undefined);
      stored = "new";
      await loader.invalidateCacheFor("key");
    })();
    await Promise.all([reader, writer]);
    assert.equal(await read(loader), "new", "an old value is cached");
  };

/** Two callers ask for the same key at once. */
const revalidates =
  (/** @type {any} */ { createStaleWhileRevalidateCache }) =>
  async () => {
    const items = new Map();
    const storage = {
      getItem: (/** @type {string} */ key) => io(() => items.get(key) ?? null),
      setItem: (/** @type {string} */ key, /** @type {unknown} */ value) =>
        io(() => void items.set(key, value)),
      removeItem: (/** @type {string} */ key) => io(() => void items.delete(key)),
    };
    const swr = createStaleWhileRevalidateCache({ storage, minTimeToStale: 99_999_999 });
    let calls = 0;
    const load = async () => {
      calls++;
      return io("value");
    };
    await Promise.all([swr("key", load), swr("key", load)]);
    assert.equal(calls, 1, "concurrent callers loaded the same key");
  };

/** Lists what is cached while a value is being fetched. */
const lists = (/** @type {any} */ module) => async () => {
  const LRUCache = module.LRUCache ?? module.default;
  const cache = new LRUCache({ max: 5, fetchMethod: (/** @type {string} */ key) => io(`${key}!`) });
  const reader = cache.fetch("key");
  const lister = (async () => {
    await io(undefined);
    for (const [, value] of cache.entries()) assert(value === "key!", "a promise is listed");
  })();
  await Promise.all([reader, lister]);
};

/** A caller gives up. What was being fetched nevertheless arrives, and belongs in the cache. */
const keepsWhatArrivesLate =
  (/** @type {any} */ { LRUCache }) =>
  async () => {
    const giveUp = new AbortController();
    const fetches = /** @type {Promise<unknown>[]} */ ([]);
    const cache = new LRUCache({
      ...{ max: 5, ignoreFetchAbort: true, allowStaleOnFetchAbort: true },
      fetchMethod(/** @type {string} */ key) {
        const answer = io(`${key}!`);
        fetches.push(answer);
        return answer;
      },
    });
    const reader = cache.fetch("key", { signal: giveUp.signal });
    const stopper = (async () => {
      await io(undefined);
      giveUp.abort();
    })();
    await Promise.all([reader, stopper, ...fetches]);
    await pause(1);
    assert.equal(cache.get("key"), "key!", "what was fetched is not in the cache");
  };

/** A caller gives up, while the fetch goes on. The next caller waits for the same fetch. */
const fetchesOnce =
  (/** @type {any} */ { LRUCache }) =>
  async () => {
    const giveUp = new AbortController();
    let calls = 0;
    const cache = new LRUCache({
      ...{ max: 5, ignoreFetchAbort: true, allowStaleOnFetchAbort: true },
      fetchMethod(/** @type {string} */ key) {
        calls++;
        return io(`${key}!`);
      },
    });
    const reader = cache.fetch("key", { signal: giveUp.signal });
    const others = (async () => {
      await io(undefined);
      giveUp.abort();
      await io(undefined);
      await cache.fetch("key");
    })();
    await Promise.all([reader, others]);
    assert.equal(calls, 1, "the same value is fetched twice at once");
  };

/** Two programs find the lock of a third one, which has died without removing it. */
const locksOnce =
  (/** @type {any} */ { lock }) =>
  async () => {
    const fs = folders();
    fs.folders.set("file.lock", Date.now() - 60_000);
    const options = { fs, realpath: false, lockfilePath: "file.lock" };
    const attempts = await Promise.allSettled([lock("file", options), lock("file", options)]);
    const holders = attempts.filter(({ status }) => status === "fulfilled").length;
    assert(holders < 2, "both hold the lock");
  };

/** The part of Node's `fs` that creates locks. Each call takes as long as it likes. */
function folders() {
  const folders = /** @type {Map<string, number>} */ (new Map());
  const fail = (/** @type {string} */ code) => {
    throw Object.assign(new Error(code), { code });
  };
  const call = (/** @type {(...args: any[]) => unknown} */ body) => {
    return (/** @type {any[]} */ ...args) => {
      const callback = args.pop();
      io(() => body(...args)).then(
        (/** @type {unknown} */ result) => callback(null, result),
        (/** @type {unknown} */ error) => callback(error),
      );
    };
  };
  const timeOf = (/** @type {string} */ path) => folders.get(path) ?? fail("ENOENT");
  return {
    folders,
    mkdir: call((path) => (folders.has(path) ? fail("EEXIST") : folders.set(path, Date.now()))),
    rmdir: call((path) => folders.delete(path) || fail("ENOENT")),
    stat: call((path) => ({ mtime: new Date(timeOf(path)) })),
    utimes: call((path, _, time) => timeOf(path) && folders.set(path, Number(time))),
    rename: call((from, to) => {
      const time = timeOf(from);
      folders.delete(from);
      folders.set(to, time);
    }),
  };
}

/** @type {readonly KnownBug[]} */
export const KNOWN = [
  ...["2.1.0", "3.0.0"].map((version) => ({
    bug: "grants too many tokens in an interval",
    bad: `limiter-${version}`,
    good: "limiter-4.0.0",
    scenario: limiter,
  })),
  {
    bug: "release() forgets the next holder, which deadlocks",
    bad: "async-mutex-0.2.4",
    good: "async-mutex-0.2.6",
    isFoundUnmarked: true,
    scenario: releases,
  },
  {
    bug: "waitForUnlock() ends while another caller has the lock",
    bad: "async-mutex-0.3.2",
    good: "async-mutex-0.4.0",
    scenario: waitsForUnlock,
  },
  {
    bug: "a result that was cleared while it was computed is kept",
    bad: "p-memoize-7.1.1",
    good: "p-memoize-9.0.0",
    isFoundUnmarked: true,
    scenario: memoizes(),
  },
  {
    bug: "a result that was cleared while it was computed is kept in a Map",
    bad: "p-memoize-7.1.1",
    good: "p-memoize-9.0.0",
    isFoundUnmarked: true,
    scenario: memoizes(true),
  },
  {
    bug: "a value that was invalidated while it was loaded is cached",
    bad: "layered-loader-14.2.2",
    good: "layered-loader-14.5.3",
    isFoundUnmarked: true,
    scenario: loads((loader) => loader.get("key")),
  },
  {
    bug: "a value that was invalidated while it was loaded with others is cached",
    bad: "layered-loader-16.1.0",
    scenario: loads(async (loader) => (await loader.getMany(["key"]))[0]?.value),
  },
  {
    bug: "a caller whose storage answers late calls the function again",
    bad: "stale-while-revalidate-cache-3.4.2",
    good: "stale-while-revalidate-cache-3.2.1",
    scenario: revalidates,
  },
  {
    bug: "concurrent callers of one key each call the function",
    bad: "stale-while-revalidate-cache-3.1.3",
    good: "stale-while-revalidate-cache-3.2.1",
    isFoundUnmarked: true,
    scenario: revalidates,
  },
  {
    bug: "entries() lists promises of values that are being fetched",
    bad: "lru-cache-7.16.0",
    good: "lru-cache-7.16.1",
    isFoundUnmarked: true,
    scenario: lists,
  },
  {
    bug: "a value is not cached if its caller gave up before it arrived",
    bad: "lru-cache-11.2.1",
    good: "lru-cache-11.2.2",
    scenario: keepsWhatArrivesLate,
  },
  {
    bug: "the caller after one that gave up starts the same fetch again",
    bad: "lru-cache-11.2.2",
    good: "lru-cache-11.5.3",
    scenario: fetchesOnce,
  },
  {
    bug: "two callers that find an old lock both get it",
    bad: "proper-lockfile-4.1.2",
    good: "@bybrave/proper-lockfile2",
    scenario: locksOnce,
  },
];
