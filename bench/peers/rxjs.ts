// https://rxjs.dev: observables. It has no tasks, so its scheduling, timers and cancellation are
// compared.

import {
  asapScheduler,
  defer,
  finalize,
  forkJoin,
  lastValueFrom,
  mergeMap,
  NEVER,
  observeOn,
  of,
  range,
  type Subscription,
  timeout,
  timer,
} from "rxjs";
import type { Peer } from "./peer.ts";

/** An observable that completes in a microtask. */
const giveWay = of(undefined).pipe(observeOn(asapScheduler));

export default {
  name: "rxjs 7.8.2",
  works: {
    gather: async (width, times) => {
      for (let i = 0; i < times; i++) {
        await lastValueFrom(forkJoin(Array.from({ length: width }, () => giveWay)));
      }
    },
    timeout: async (times) => {
      const limited = defer(() => giveWay).pipe(timeout(30_000));
      for (let i = 0; i < times; i++) await lastValueFrom(limited);
    },
    sleep: (tasks, span) =>
      lastValueFrom(range(0, tasks).pipe(mergeMap((index) => timer(index % span)))),
    callSoon: (chains, times) =>
      new Promise<void>((resolve) => {
        let running = chains;
        for (let chain = 0; chain < chains; chain++) {
          let left = times;
          asapScheduler.schedule(function () {
            if (--left > 0) this.schedule();
            else if (--running === 0) resolve();
          });
        }
      }),
    cancel: (tasks) => {
      let cleaned = 0;
      const subscriptions: Subscription[] = [];
      for (let i = 0; i < tasks; i++) {
        const waiting = NEVER.pipe(
          finalize(() => {
            cleaned++;
          }),
        );
        subscriptions.push(waiting.subscribe());
      }
      for (const subscription of subscriptions) subscription.unsubscribe();
      if (cleaned !== tasks) throw new Error(`${cleaned} of ${tasks} cleaned up`);
    },
    timers: (count) => {
      const subscriptions: Subscription[] = [];
      for (let i = 0; i < count; i++) subscriptions.push(timer(100_000 + i).subscribe());
      for (const subscription of subscriptions) subscription.unsubscribe();
    },
  },
} satisfies Peer;
