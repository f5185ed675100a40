// https://github.com/sindresorhus/p-limit: limits the number of concurrent async functions.

import pLimit from "p-limit";
import type { Peer } from "./peer.ts";

async function giveWay(): Promise<void> {
  await undefined;
}

export default {
  name: "p-limit 7.3.3",
  works: {
    spawn: (tasks) => {
      const limit = pLimit(Infinity);
      return Promise.all(Array.from({ length: tasks }, () => limit(giveWay)));
    },
    // With a limit of one, the limiter is a lock around a function.
    lock: (tasks, times) => {
      const lock = pLimit(1);
      return Promise.all(
        Array.from({ length: tasks }, async () => {
          for (let i = 0; i < times; i++) await lock(giveWay);
        }),
      );
    },
  },
} satisfies Peer;
