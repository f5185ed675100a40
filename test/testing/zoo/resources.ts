// Resources that are never released, or are given to two tasks.

import {
  CancelledError,
  createTask,
  gather,
  Lock,
  Queue,
  QueueShutDown,
  Semaphore,
  sleep,
  TimeoutError,
  timeout,
} from "../../../src/index.ts";
import { type Animal, check } from "./animal.ts";

/** Releases a lock, but not when it is cancelled. */
const forgottenRelease: Animal = {
  shows: "Deadlock",
  options: { cancelPoints: "worker" },
  *program(isFixed) {
    const lock = new Lock();
    const worker = createTask(
      function* () {
        yield* lock.acquire();
        try {
          yield;
          if (!isFixed) lock.release();
        } finally {
          if (isFixed) lock.release();
        }
      },
      { name: "worker" },
    );
    yield* gather([worker], { returnExceptions: true });
    yield* lock.acquire();
    lock.release();
  },
};

/** Two workers look at the first job, and then take it. */
const doubleDelivery: Animal = {
  shows: "was done twice",
  *program(isFixed) {
    const jobs = [1, 2, 3];
    const done = new Set<number>();
    function* work() {
      for (;;) {
        const job = isFixed ? jobs.shift() : jobs[0];
        if (job === undefined) return;
        yield;
        check(!done.has(job), `job ${job} was done twice`);
        done.add(job);
        if (!isFixed) jobs.splice(jobs.indexOf(job), 1);
      }
    }
    yield* gather([work(), work()]);
  },
};

/** Releases its permit only on success. */
const semaphoreLeak: Animal = {
  shows: "Deadlock",
  *program(isFixed) {
    const semaphore = new Semaphore(1);
    let isBroken = false;
    function* request() {
      yield* semaphore.acquire();
      try {
        yield;
        if (isBroken) throw new Error("the server is gone");
        if (!isFixed) semaphore.release();
      } finally {
        if (isFixed) semaphore.release();
      }
    }
    function* server() {
      for (let i = 0; i < 8; i++) yield;
      isBroken = true;
      yield;
      isBroken = false;
    }
    yield* gather([request(), request(), server()], { returnExceptions: true });
    yield* semaphore.acquire();
    semaphore.release();
  },
};

/** Checks that the queue is open, yields, and adds an item that nobody takes any more. */
const shutdown: Animal = {
  shows: "QueueShutDown",
  *program(isFixed) {
    const queue = new Queue<number>();
    let isOpen = true;
    function* produce() {
      for (let i = 0; i < 3; i++) {
        if (!isOpen) return;
        yield;
        if (isFixed && !isOpen) return;
        queue.putNowait(i);
      }
    }
    function* close() {
      for (let i = 0; i < 6; i++) yield;
      isOpen = false;
      queue.shutdown();
    }
    function* consume() {
      try {
        for (;;) yield* queue.get();
      } catch (error) {
        if (!(error instanceof QueueShutDown)) throw error;
      }
    }
    yield* gather([produce(), close(), consume()]);
  },
};

/** A connection is made exactly at its deadline, and nobody closes it. */
const timeoutOrResult: Animal = {
  shows: "1 connections are left open",
  *program(isFixed) {
    let open = 0;
    function* connect() {
      yield* sleep(9);
      open++;
      try {
        yield* sleep(1); // sends a greeting
      } catch (error) {
        if (isFixed) open--;
        throw error;
      }
    }
    try {
      yield* timeout(10, function* () {
        yield* connect();
        open--;
      });
    } catch (error) {
      if (!(error instanceof TimeoutError)) throw error;
    }
    check(open === 0, `${open} connections are left open`);
  },
};

/** Checks that the pool has room, and fills it, which takes a while. */
const pool: Animal = {
  shows: "2 connections",
  *program(isFixed) {
    let size = 0;
    const semaphore = new Semaphore(1);
    function* connect(delay: number) {
      for (let i = 0; i < delay; i++) yield;
      if (isFixed) yield* semaphore.acquire();
      while (size >= 1) yield;
      if (!isFixed) yield; // looks up the name
      size++;
      check(size === 1, `${size} connections`);
      yield;
      size--;
      if (isFixed) semaphore.release();
    }
    yield* gather([connect(0), connect(3)]);
  },
};

/** The writer waits until nobody reads, and begins to write only a step later. */
const readersAndWriter: Animal = {
  shows: "somebody reads while it is written",
  *program(isFixed) {
    let readers = 0;
    let isWriting = false;
    function* read() {
      while (isWriting) yield;
      readers++;
      check(!isWriting, "somebody reads while it is written");
      yield;
      check(!isWriting, "somebody reads while it is written");
      readers--;
    }
    function* write() {
      yield;
      while (readers > 0) yield;
      if (!isFixed) yield;
      isWriting = true;
      yield;
      isWriting = false;
    }
    yield* gather([read(), write()]);
  },
};

/** Shows the answer that arrived last, even if it does not belong to the last question. */
const staleAnswer: Animal = {
  shows: "the answer to an earlier question",
  *program(isFixed) {
    let shown = "";
    let last = "";
    function* ask(question: string) {
      last = question;
      yield* sleep(5);
      if (!isFixed || last === question) shown = question;
    }
    const first = createTask(ask("a"));
    yield;
    const second = createTask(ask("ab"));
    yield* gather([first, second]);
    check(shown === last, "the answer to an earlier question is shown");
  },
};

/** Starts work, and leaves it running if it is too slow. */
const leftBehind: Animal = {
  shows: "these tasks were still running",
  *program(isFixed) {
    const log = createTask(function* () {
      yield;
      yield;
    });
    for (let i = 0; i < 4; i++) yield;
    if (isFixed) yield* log;
  },
};

/** Forgets a task that may fail. */
const unseen: Animal = {
  shows: "the disk is full",
  *program(isFixed) {
    let isFull = false;
    const save = createTask(function* () {
      yield;
      if (isFull) throw new Error("the disk is full");
    });
    for (let i = 0; i < 3; i++) yield;
    isFull = true;
    while (!save.done()) yield;
    if (isFixed) yield* gather([save], { returnExceptions: true });
  },
};

/** Mistakes its own cancellation for that of the awaited task, and starts again. */
const swallowed: Animal = {
  shows: "it continued after its cancellation",
  options: { cancelPoints: "worker" },
  *program(isFixed) {
    let isCancelled = false;
    const worker = createTask(
      function* () {
        for (let attempt = 0; attempt < 2; attempt++) {
          check(!isCancelled, "it continued after its cancellation");
          try {
            yield* sleep(1);
          } catch (error) {
            isCancelled = error instanceof CancelledError;
            if (isFixed) throw error;
          }
        }
      },
      { name: "worker" },
    );
    yield* worker;
  },
};

export const resources = {
  "a lock not released after a cancellation": forgottenRelease,
  "a job delivered twice": doubleDelivery,
  "a semaphore that loses permits": semaphoreLeak,
  "a race during a shutdown": shutdown,
  "a timeout against a result": timeoutOrResult,
  "a pool that grows too large": pool,
  "a reader and a writer at once": readersAndWriter,
  "an overtaken answer": staleAnswer,
  "a task left behind": leftBehind,
  "an exception that goes unnoticed": unseen,
  "a swallowed cancellation": swallowed,
};
