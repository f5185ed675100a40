// In every order, and with a cancellation anywhere, races over queues and semaphores lose no item
// and no permit.

import { expect, test } from "vitest";
import {
  CancelledError,
  createTask,
  Queue,
  race,
  Semaphore,
  sleep,
  TimeoutError,
  wait,
  waitFor,
} from "../../src/index.ts";
import { explore } from "../../src/testing.ts";

test("races over two queues and a semaphore conserve items and permits", async () => {
  const statistics = await explore(
    function* () {
      const a = new Queue<number>();
      const b = new Queue<number>(2);
      const semaphore = new Semaphore(1);
      let came = 0;
      let went = 0;
      const put = createTask(function* () {
        for (let i = 0; i < 2; i++) {
          yield* race([b.put(1), a.put(1)]);
          came++;
          yield;
        }
      });
      const putAtOnce = createTask(function* () {
        a.putNowait(1);
        a.putNowait(1);
        came += 2;
        yield;
      });
      const getInTime = createTask(function* () {
        for (let i = 0; i < 2; i++) {
          yield* waitFor(race([a.get(), b.get()]), 5);
          went++;
        }
      });
      const getNested = createTask(function* () {
        for (let i = 0; i < 2; i++) {
          yield* race([race([b.get()]), a.get()]);
          went++;
        }
      });
      const hold = createTask(function* () {
        const first = yield* race([semaphore.acquire(), sleep(1, "late")]);
        if (first === "late") return;
        try {
          yield;
        } finally {
          semaphore.release();
        }
      });
      const all = [put, putAtOnce, getInTime, getNested, hold];
      for (const task of all) {
        try {
          yield* waitFor(task, 50);
        } catch (error) {
          if (!(error instanceof CancelledError || error instanceof TimeoutError)) throw error;
        }
      }
      for (const task of all) task.cancel();
      yield* wait(all);
      // An item stays in the queue if its producer is cancelled after it was accepted.
      if (!put.cancelled()) expect(went + a.qsize() + b.qsize()).toBe(came);
      expect(semaphore.locked()).toBe(false);
    },
    { runs: 500, seed: 1, cancelPoints: true },
  );

  expect(statistics.runs).toBe(500);
});
