// https://github.com/tj/co: generators over promises, as used before async functions.

import co from "co";
import type { Peer } from "./peer.ts";

const resolved = Promise.resolve();

function* giveWay(times: number): Generator<Promise<void>, void> {
  for (let i = 0; i < times; i++) yield resolved;
}

export default {
  name: "co 4.6.0",
  works: {
    switch: (tasks, yields) =>
      Promise.all(Array.from({ length: tasks }, () => co(() => giveWay(yields)))),
    spawn: (tasks) => Promise.all(Array.from({ length: tasks }, () => co(() => giveWay(1)))),
    future: (times) =>
      co(function* () {
        for (let i = 0; i < times; i++) {
          yield new Promise<number>((resolve) => queueMicrotask(() => resolve(1)));
        }
      }),
    gather: (width, times) =>
      co(function* () {
        for (let i = 0; i < times; i++) yield Array.from({ length: width }, () => giveWay(1));
      }),
    sleep: (tasks, span) =>
      Promise.all(
        Array.from({ length: tasks }, (_, index) =>
          co(function* () {
            yield new Promise((resolve) => setTimeout(resolve, index % span));
          }),
        ),
      ),
  },
} satisfies Peer;
