// http://bluebirdjs.com: promises with its own coroutines, timeouts and cancellation.

import Bluebird from "bluebird";
import type { Peer } from "./peer.ts";

Bluebird.config({ cancellation: true, longStackTraces: false, warnings: false });

const resolved = Bluebird.resolve();

const giveWay = Bluebird.coroutine(function* (times: number): Generator<Bluebird<void>, void> {
  for (let i = 0; i < times; i++) yield resolved;
});

export default {
  name: "bluebird 3.7.2",
  works: {
    switch: (tasks, yields) => Bluebird.all(Array.from({ length: tasks }, () => giveWay(yields))),
    spawn: (tasks) => Bluebird.all(Array.from({ length: tasks }, () => giveWay(1))),
    future: (times) =>
      Bluebird.coroutine(function* (): Generator<Bluebird<number>, void> {
        for (let i = 0; i < times; i++) {
          yield new Bluebird<number>((resolve) => queueMicrotask(() => resolve(1)));
        }
      })(),
    gather: (width, times) =>
      Bluebird.coroutine(function* (): Generator<Bluebird<unknown>, void> {
        for (let i = 0; i < times; i++) {
          yield Bluebird.all(Array.from({ length: width }, () => giveWay(1)));
        }
      })(),
    timeout: (times) =>
      Bluebird.coroutine(function* (): Generator<Bluebird<unknown>, void> {
        for (let i = 0; i < times; i++) yield giveWay(1).timeout(30_000);
      })(),
    sleep: (tasks, span) =>
      Bluebird.all(Array.from({ length: tasks }, (_, index) => Bluebird.delay(index % span))),
    cancel: async (tasks) => {
      let cleaned = 0;
      const promises = Array.from({ length: tasks }, () =>
        new Bluebird<void>(() => {}).finally(() => {
          cleaned++;
        }),
      );
      await undefined;
      for (const promise of promises) promise.cancel();
      // The promises stay pending forever, and the cleanup runs later.
      while (cleaned < tasks) await new Promise((resolve) => setImmediate(resolve));
    },
  },
} satisfies Peer;
