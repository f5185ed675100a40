// Bugs of caches and loaders: a late answer overwrites what is newer, or work is done twice.

import { at } from "../../../src/at.ts";
import { io } from "../../../src/testing.ts";
import { type AsyncAnimal, check, pause } from "./asyncAnimal.ts";

/** A load that began before an invalidation stores its old value after it. */
const staleLoad: AsyncAnimal = {
  shows: "old value in the cache",
  async program(isFixed) {
    let stored = "old";
    const cache = new Map<string, string>();
    let version = 0;
    const load = async () => {
      const value = stored;
      await at(pause(1), "load (cache.ts:8:5)");
      return value;
    };
    const get = async () => {
      const began = version;
      const value = cache.get("key") ?? (await at(load(), "get (cache.ts:13:43)"));
      if (!isFixed || began === version) cache.set("key", value);
      return value;
    };
    const change = async () => {
      await at(pause(5), "change (cache.ts:18:5)");
      stored = "new";
      cache.delete("key");
      version++;
    };
    await at(Promise.all([get(), change()]), "main (cache.ts:23:3)");
    check((await at(get(), "main (cache.ts:24:10)")) === "new", "old value in the cache");
  },
};

/** A load of many keys stores all of them, although a newer value of one was set meanwhile. */
const staleBatch: AsyncAnimal = {
  shows: "the batch overwrote a newer value",
  async program(isFixed) {
    const cache = new Map<string, number>();
    const getMany = async (keys: readonly string[]) => {
      const missing = keys.filter((key) => !cache.has(key));
      const values = await at(io(missing.map(() => 1)), "getMany (batch.ts:6:22)");
      for (const [index, key] of missing.entries()) {
        if (!isFixed || !cache.has(key)) cache.set(key, values[index] as number);
      }
    };
    const set = async () => {
      await at(undefined, "set (batch.ts:12:5)");
      await at(undefined, "set (batch.ts:13:5)");
      cache.set("b", 2);
    };
    await at(Promise.all([getMany(["a", "b"]), set()]), "main (batch.ts:16:3)");
    check(cache.get("b") === 2, "the batch overwrote a newer value");
  },
};

/** All calls that arrive while an asynchronous cache is being read compute the value. */
const memoizedTwice: AsyncAnimal = {
  shows: "computed 2 times",
  async program(isFixed) {
    let computed = 0;
    const cache = new Map<string, number>();
    const running = new Map<string, Promise<number>>();
    const compute = async () => {
      computed++;
      await at(pause(1), "compute (memoize.ts:6:5)");
      return 1;
    };
    const look = async (): Promise<number> => {
      const isCached = await at(
        io(() => cache.has("key")),
        "look (memoize.ts:10:24)",
      );
      const value = isCached ? 1 : await at(compute(), "look (memoize.ts:11:30)");
      cache.set("key", value);
      return value;
    };
    const memoized = (): Promise<number> => {
      if (!isFixed) return look();
      const promise = running.get("key") ?? look();
      running.set("key", promise);
      return promise;
    };
    const later = async () => {
      await at(pause(10), "later (memoize.ts:22:5)");
      await at(memoized(), "later (memoize.ts:23:5)");
    };
    await at(Promise.all([memoized(), later()]), "main (memoize.ts:25:3)");
    check(computed === 1, `computed ${computed} times`);
  },
};

/** A fetch that takes long overwrites a value that was set meanwhile. */
const lateFetch: AsyncAnimal = {
  shows: "the fetched value replaced the one that was set",
  async program(isFixed) {
    const cache = new Map<string, string>();
    const fetches = new Map<string, object>();
    const fetch = async () => {
      const own = {};
      fetches.set("key", own);
      const value = await at(io("fetched"), "fetch (lru.ts:7:21)");
      if (!isFixed || fetches.get("key") === own) cache.set("key", value);
    };
    const set = async () => {
      await at(pause(2), "set (lru.ts:11:5)");
      fetches.delete("key");
      cache.set("key", "set");
    };
    await at(Promise.all([fetch(), set()]), "main (lru.ts:15:3)");
    check(cache.get("key") === "set", "the fetched value replaced the one that was set");
  },
};

/** A fetch in the background fails after its entry was evicted, when nobody awaits it any more. */
const abandonedFetch: AsyncAnimal = {
  shows: "the source is gone",
  async program(isFixed) {
    const pending = new Map<string, Promise<string>>();
    let isOpen = true;
    const fetch = async () => {
      await at(io(undefined, { max: 10 }), "fetch (evict.ts:5:5)");
      if (!isOpen) throw new RangeError("the source is gone");
      return "value";
    };
    const promise = fetch();
    if (isFixed) promise.catch(() => undefined);
    pending.set("key", promise);
    await at(pause(5), "main (evict.ts:12:3)");
    isOpen = false;
    pending.delete("key");
    await at(pause(20), "main (evict.ts:15:3)");
  },
};

/** A value and its time are stored one after the other, and read in between. */
const tornEntry: AsyncAnimal = {
  shows: "a fresh time with an old value",
  async program(isFixed) {
    const storage = new Map<string, unknown>([
      ["value", "old"],
      ["time", 0],
      ["both", ["old", 0]],
    ]);
    const write = (key: string, value: unknown) => io(() => storage.set(key, value), { max: 10 });
    const read = (key: string) => io(() => storage.get(key), { max: 10 });
    const revalidate = async () => {
      if (isFixed) return await at(write("both", ["new", 1]), "revalidate (swr.ts:9:33)");
      await at(write("time", 1), "revalidate (swr.ts:10:5)");
      return await at(write("value", "new"), "revalidate (swr.ts:11:12)");
    };
    const get = async () => {
      if (isFixed) return (await at(read("both"), "get (swr.ts:14:28)")) as unknown[];
      const value = await at(read("value"), "get (swr.ts:15:21)");
      return [value, await at(read("time"), "get (swr.ts:16:22)")];
    };
    const [[value, time]] = await at(Promise.all([get(), revalidate()]), "main (swr.ts:18:29)");
    check(value !== "old" || time !== 1, "a fresh time with an old value");
  },
};

/** Every caller that finds a stale value revalidates it. */
const stampede: AsyncAnimal = {
  shows: "revalidated 2 times",
  async program(isFixed) {
    let revalidated = 0;
    let expires = 100;
    let running: Promise<void> | undefined;
    const revalidate = async () => {
      revalidated++;
      await at(pause(1), "revalidate (stale.ts:6:5)");
      expires = Date.now() + 60_000;
      running = undefined;
    };
    const get = async (delay: number) => {
      await at(pause(delay), "get (stale.ts:11:5)");
      if (Date.now() < expires) return;
      if (isFixed) running ??= revalidate();
      await at(isFixed ? running : revalidate(), "get (stale.ts:14:5)");
    };
    await at(Promise.all([get(150), get(200)]), "main (stale.ts:16:3)");
    check(revalidated === 1, `revalidated ${revalidated} times`);
  },
};

export const caches: Readonly<Record<string, AsyncAnimal>> = {
  "a stale load": staleLoad,
  "a stale batch": staleBatch,
  "memoized twice": memoizedTwice,
  "a late fetch": lateFetch,
  "an abandoned fetch": abandonedFetch,
  "a torn entry": tornEntry,
  "a stampede": stampede,
};
