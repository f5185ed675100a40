// Clients of the fleet's benchmark: the library's own, and one that uses BullMQ by hand.

import { randomUUID } from "node:crypto";
import { type Coroutine, mapConcurrent, run } from "mysyncio";
import { FleetExecutor } from "mysyncio/fleet";
import { type BareEvents, type BareQueue, bullmq } from "./bullmq.ts";
import { burnTask, sameTask, waitTask } from "./fleetTasks.ts";

export interface Client {
  /** Makes `calls` calls of `task`, `width` at a time. */
  call(task: "same" | "wait" | "burn", argument: number, calls: number, width: number): unknown;
  close(): Promise<unknown>;
}

const TASKS = { same: sameTask, wait: waitTask, burn: burnTask };

export function ours(url: string, queue: string): Client {
  const fleet = new FleetExecutor({ connection: url, queue });
  return {
    call: (task, argument, calls, width) =>
      run(function* (): Coroutine<void> {
        yield* mapConcurrent(
          Array(calls).keys(),
          // TypeScript sees three tasks with different results.
          () => fleet.call(TASKS[task] as typeof sameTask, argument),
          { concurrency: width },
        );
      }),
    close: () => fleet.shutdown(),
  };
}

/** BullMQ by hand: one listener for the results of all jobs. */
export class BareClient implements Client {
  readonly #queue: BareQueue;
  readonly #events: BareEvents;
  readonly #waiting = new Map<string, () => void>();
  /** Other clients of the queue must not use the same ids. */
  readonly #name = randomUUID();
  #last = 0;

  constructor(url: string, queue: string) {
    const { Queue, QueueEvents } = bullmq();
    const options = { connection: { url, maxRetriesPerRequest: null } };
    this.#queue = new Queue(queue, options);
    // Reads from the beginning, because a job may be completed before the first read.
    this.#events = new QueueEvents(queue, { ...options, lastEventId: "0" });
    this.#events.on("completed", ({ jobId }) => {
      this.#waiting.get(jobId)?.();
      this.#waiting.delete(jobId);
    });
  }

  async call(task: string, argument: number, calls: number, width: number): Promise<void> {
    await this.#events.waitUntilReady();
    let left = calls;
    const callAll = async () => {
      while (left-- > 0) await this.#one(task, argument);
    };
    await Promise.all(Array.from({ length: width }, callAll));
  }

  async close(): Promise<void> {
    await this.#queue.close();
    await this.#events.close();
  }

  async #one(task: string, argument: number): Promise<void> {
    const jobId = `${this.#name}-${++this.#last}`;
    const done = new Promise<void>((resolve) => this.#waiting.set(jobId, resolve));
    await this.#queue.add(task, argument, { jobId, removeOnComplete: true });
    await done;
  }
}
