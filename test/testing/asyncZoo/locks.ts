// Bugs of locks and limiters: lost wake-ups, locks without an owner, and too many at once.

import { at } from "../../../src/at.ts";
import { io } from "../../../src/testing.ts";
import { type AsyncAnimal, check, pause } from "./asyncAnimal.ts";

/** Checks the tokens, awaits, and only then takes them. */
const tokenBucket: AsyncAnimal = {
  shows: "took more tokens than there were",
  async program(isFixed) {
    let tokens = 1;
    let taken = 0;
    const take = async (delay: number) => {
      await at(pause(delay), "take (limiter.ts:5:5)");
      if (tokens < 1) return;
      if (isFixed) tokens--;
      await at(pause(1), "take (limiter.ts:8:5)");
      if (!isFixed) tokens--;
      taken++;
    };
    await at(Promise.all([take(1), take(5)]), "main (limiter.ts:12:3)");
    check(taken === 1, "took more tokens than there were");
  },
};

/** A waiter asks whether the lock is free, and joins the queue only after an await. */
const lostWakeUp: AsyncAnimal = {
  shows: "Deadlock",
  async program(isFixed) {
    let isLocked = true;
    const waiters: (() => void)[] = [];
    const acquire = async () => {
      if (isLocked && !isFixed) await at(undefined, "acquire (mutex.ts:5:33)");
      if (isLocked || !isFixed) {
        await at(new Promise<void>((resolve) => waiters.push(resolve)), "acquire (mutex.ts:7:7)");
      }
      isLocked = true;
    };
    const holder = async () => {
      await at(pause(5), "holder (mutex.ts:12:5)");
      isLocked = false;
      waiters.shift()?.();
    };
    await at(Promise.all([acquire(), holder()]), "main (mutex.ts:16:3)");
  },
};

/** An acquisition that has timed out still gets the lock later, and nobody releases it. */
const ownerlessLock: AsyncAnimal = {
  shows: "Deadlock",
  async program(isFixed) {
    let isLocked = true;
    const waiters: (() => void)[] = [];
    const release = () => {
      isLocked = false;
      waiters.shift()?.();
    };
    const acquire = (onGranted: () => void) => {
      const grant = () => {
        isLocked = true;
        onGranted();
      };
      if (isLocked) waiters.push(grant);
      else grant();
    };
    const acquireWithin = (delay: number) =>
      new Promise<boolean>((resolve) => {
        let isOver = false;
        setTimeout(() => {
          isOver = true;
          resolve(false);
        }, delay);
        acquire(() => {
          if (isOver && isFixed) release();
          resolve(true);
        });
      });
    const hold = async () => {
      await at(io(undefined, { max: 50 }), "hold (timeout.ts:26:5)");
      release();
    };
    const use = async () => {
      if (await at(acquireWithin(20), "use (timeout.ts:30:11)")) release();
      await at(new Promise<void>((resolve) => acquire(resolve)), "use (timeout.ts:31:5)");
      release();
    };
    await at(Promise.all([hold(), use()]), "main (timeout.ts:34:3)");
  },
};

/** Two processes find a stale lock file, and the second one removes the first one's new lock. */
const stolenLock: AsyncAnimal = {
  shows: "two owners",
  async program(isFixed) {
    let file: { owner: string; time: number } | undefined = { owner: "dead", time: 0 };
    let owners = 0;
    const lock = async (owner: string) => {
      const seen = await at(
        io(() => file),
        "lock (lockfile.ts:5:20)",
      );
      const isStale = seen !== undefined && seen.time < 1;
      if (seen !== undefined && !isStale) return;
      await at(
        io(() => {
          if (!isFixed || file === seen) file = undefined;
        }),
        "lock (lockfile.ts:8:5)",
      );
      const isMine = await at(
        io(() => {
          if (file !== undefined) return false;
          file = { owner, time: 1 };
          return true;
        }),
        "lock (lockfile.ts:11:22)",
      );
      if (isMine) owners++;
    };
    await at(Promise.all([lock("a"), lock("b")]), "main (lockfile.ts:20:3)");
    check(owners === 1, "two owners");
  },
};

export const locks: Readonly<Record<string, AsyncAnimal>> = {
  "a token bucket": tokenBucket,
  "a lost wake-up": lostWakeUp,
  "a lock without an owner": ownerlessLock,
  "a stolen lock": stolenLock,
};
