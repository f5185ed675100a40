// https://github.com/sindresorhus/p-queue: a queue of async functions.

import PQueue from "p-queue";
import type { Peer } from "./peer.ts";

async function giveWay(): Promise<void> {
  await undefined;
}

export default {
  name: "p-queue 9.3.5",
  works: {
    spawn: (tasks) => {
      const queue = new PQueue();
      return queue.addAll(Array.from({ length: tasks }, () => giveWay));
    },
    // With a concurrency of one, the queue is a lock around a function.
    lock: (tasks, times) => {
      const lock = new PQueue({ concurrency: 1 });
      return Promise.all(
        Array.from({ length: tasks }, async () => {
          for (let i = 0; i < times; i++) await lock.add(giveWay);
        }),
      );
    },
    timeout: async (times) => {
      const queue = new PQueue({ timeout: 30_000 });
      for (let i = 0; i < times; i++) await queue.add(giveWay);
    },
  },
} satisfies Peer;
