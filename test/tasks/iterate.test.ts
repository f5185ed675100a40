// The steps of an iteration. One file, because all sources must keep the same contract.

import { beforeEach, describe, expect } from "vitest";
import {
  CancelledError,
  type Coroutine,
  type CoroutineIterator,
  type CoroutineSource,
  currentTask,
  type ExceptionContext,
  Future,
  fromPromise,
  type IterationSource,
  iterate,
  RuntimeError,
  run,
  sleep,
} from "../../src/index.ts";
import { hostTimer } from "../support/host.ts";
import { collectReports } from "../support/reports.ts";
import { loop, test, trace } from "../support/virtualTest.ts";

let reports: ExceptionContext[];

beforeEach(() => {
  reports = collectReports(loop);
});

function onLoop<T>(main: () => Coroutine<T>): Promise<T> {
  return loop.runUntilComplete(main);
}

function* toArray<T>(items: CoroutineIterator<T>): Coroutine<T[]> {
  const all: T[] = [];
  for (let r = yield* items.next(); !r.done; r = yield* items.next()) all.push(r.value);
  return all;
}

/** Waits for the next item, and is cancelled while it waits. */
function* cancelledNext(items: CoroutineIterator<unknown>): Coroutine<void> {
  const task = loop.createTask(items.next());
  yield;
  task.cancel();
  try {
    yield* task;
    trace.push("not cancelled");
  } catch (error) {
    if (!(error instanceof CancelledError)) throw error;
  }
}

async function* letters(): AsyncGenerator<string> {
  try {
    yield "a";
    await hostTimer();
    yield "b";
    yield "c";
  } finally {
    trace.push("closed");
  }
}

function streamOf<T>(...chunks: T[]): ReadableStream<T> {
  return new ReadableStream({
    pull(controller) {
      const chunk = chunks.shift();
      if (chunk === undefined) controller.close();
      else controller.enqueue(chunk);
    },
    cancel() {
      trace.push("closed");
    },
  });
}

/** A stream as older browsers provide it. */
function streamWithoutIterator(stream: ReadableStream<string>): ReadableStream<string> {
  return { getReader: () => stream.getReader() } as ReadableStream<string>;
}

/** The events on a queue. */
class Mailbox implements CoroutineSource<string> {
  readonly items: string[];
  arrival: Future<void> | undefined;

  constructor(...items: string[]) {
    this.items = items;
  }

  *_pull(): Coroutine<IteratorResult<string, undefined>> {
    while (this.items.length === 0) {
      this.arrival = new Future();
      yield* this.arrival;
    }
    const value = this.items.shift() as string;
    return value === "end" ? { done: true, value: undefined } : { done: false, value };
  }
}

const mailbox = (...items: string[]) => new Mailbox(...items) as unknown as AsyncIterable<string>;

function* generator(): Generator<string, string> {
  try {
    yield* ["a", "b", "c"];
    return "result";
  } finally {
    trace.push("closed");
  }
}

const sources: Record<string, () => IterationSource<string>> = {
  "an async generator": letters,
  "a stream": () => streamOf("a", "b", "c"),
  "a stream that is not iterable": () => streamWithoutIterator(streamOf("a", "b", "c")),
  "a source for coroutines": () => mailbox("a", "b", "c", "end"),
  "a generator": generator,
  "a list": () => ["a", "b", "c"],
  "a string": () => "abc",
};

describe.each(Object.entries(sources))("iterate of %s", (kind, source) => {
  test("yields its items, then reports its end", async () => {
    const result = await onLoop(function* () {
      const items = iterate(source());
      return [yield* toArray(items), yield* items.next(), yield* items.next()];
    });
    const end = { done: true, value: undefined };

    expect(result).toEqual([["a", "b", "c"], end, end]);
  });

  test("yields no items after return()", async () => {
    const result = await onLoop(function* () {
      const items = iterate(source());
      const first = yield* items.next();
      yield* items.return();
      yield* items.return();
      return [first.value, yield* items.next()];
    });

    expect(result).toEqual(["a", { done: true, value: undefined }]);
    const closes = !["a list", "a string", "a source for coroutines"].includes(kind);
    expect(trace).toEqual(closes ? ["closed"] : []);
  });

  test("is closed at the end of the task, and not before, if it was left open", async () => {
    await onLoop(function* () {
      const task = loop.createTask(function* () {
        const items = iterate(source());
        yield* items.next();
        trace.push("end");
      });
      yield* task;
      yield* fromPromise(hostTimer());
    });
    const closes = !["a list", "a string", "a source for coroutines"].includes(kind);

    expect([trace, reports]).toEqual([closes ? ["end", "closed"] : ["end"], []]);
  });

  test("is not closed at the end of the task if it has been exhausted", async () => {
    await onLoop(function* () {
      yield* toArray(iterate(source()));
      trace.length = 0;
    });
    await hostTimer();

    expect([trace, reports]).toEqual([[], []]);
  });
});

describe("next", () => {
  test("returns the item that a cancelled call had requested", async () => {
    let give: ((letter: string) => void) | undefined;
    const source = {
      async *[Symbol.asyncIterator]() {
        yield await new Promise<string>((resolve) => {
          give = resolve;
        });
        yield "b";
      },
    };
    const result = await onLoop(function* () {
      const items = iterate(source);
      yield* cancelledNext(items);
      yield* cancelledNext(items);
      give?.("a");
      return yield* toArray(items);
    });

    expect([result, trace]).toEqual([["a", "b"], []]);
  });

  test("returns the item that arrived in the turn of the cancellation", async () => {
    let isOver = false;
    async function* one(): AsyncGenerator<string> {
      await hostTimer();
      isOver = true;
      yield "a";
    }
    const result = await onLoop(function* () {
      const items = iterate(one());
      const task = loop.createTask(items.next());
      // The loop continues after everything that the host settles in its turn, and this task
      // continues first.
      while (!isOver) yield;
      task.cancel();
      try {
        yield* task;
        trace.push("not cancelled");
      } catch {}
      return yield* toArray(items);
    });

    expect([result, trace]).toEqual([["a"], []]);
  });

  test("throws what the source throws, which ends the iteration", async () => {
    async function* failing(): AsyncGenerator<string> {
      yield "a";
      throw "failure";
    }
    const result = await onLoop(function* () {
      const items = iterate(failing());
      yield* items.next();
      try {
        yield* items.next();
      } catch (error) {
        trace.push(error as string);
      }
      yield* items.return();
      return yield* items.next();
    });

    expect([result.done, trace]).toEqual([true, ["failure"]]);
  });

  test("throws what a source throws synchronously", async () => {
    await onLoop(function* () {
      const locked = streamOf("a");
      locked.getReader();
      const items = iterate(locked);
      try {
        yield* items.next();
      } catch (error) {
        trace.push(String(error instanceof TypeError));
      }
      yield* items.return();
    });

    expect(trace).toEqual(["true"]);
  });

  test.each([5, undefined, null, true])(
    "throws a TypeError for a result %s, which ends the iteration, as in JavaScript",
    async (result) => {
      const iterator = { next: () => result };
      const sources = {
        sync: { [Symbol.iterator]: () => iterator },
        async: { [Symbol.asyncIterator]: () => ({ next: async () => result }) },
      };
      const ends = await onLoop(function* (): Coroutine<unknown[]> {
        const all: unknown[] = [];
        for (const source of Object.values(sources)) {
          const items = iterate(source as unknown as IterationSource<unknown>);
          try {
            all.push(yield* items.next());
          } catch (error) {
            all.push(String(error));
          }
          all.push((yield* items.next()).done);
        }
        return all;
      });
      const error = expect.stringMatching(/^TypeError: Expected `next\(\)` to be an object, got /);
      expect(ends).toEqual([error, true, error, true]);
    },
  );

  test("throws a RuntimeError while another call waits", async () => {
    await onLoop(function* () {
      const items = iterate(letters());
      const first = loop.createTask(items.next());
      yield;
      try {
        yield* items.next();
      } catch (error) {
        trace.push(String(error instanceof RuntimeError));
      }
      trace.push(String((yield* first).value));
      trace.push(...(yield* toArray(items)));
    });

    expect(trace.filter((letter) => letter !== "closed")).toEqual(["true", "a", "b", "c"]);
  });

  test("does not suspend for items that are available", async () => {
    await onLoop(function* () {
      loop.callSoon(() => trace.push("turn"));
      trace.push(...(yield* toArray(iterate(["a", "b"]))));
      trace.push(...(yield* toArray(iterate(mailbox("c", "end")))));
    });

    expect(trace).toEqual(["a", "b", "c", "turn"]);
  });

  test("loses no item of a source that yields to coroutines when a wait is cancelled", async () => {
    const box = new Mailbox();
    const result = await onLoop(function* () {
      const items = iterate(box as unknown as AsyncIterable<string>);
      yield* cancelledNext(items);
      box.items.push("a", "end");
      return yield* toArray(items);
    });

    expect([result, trace]).toEqual([["a"], []]);
  });
});

describe("return", () => {
  test("waits until the source is closed, and throws what closing throws", async () => {
    async function* slow(): AsyncGenerator<string> {
      try {
        yield "a";
      } finally {
        await hostTimer(5);
        trace.push("closed");
        // biome-ignore lint/correctness/noUnsafeFinally: a source that cannot be closed
        throw "failure";
      }
    }
    await onLoop(function* () {
      const items = iterate(slow());
      yield* items.next();
      try {
        yield* items.return();
      } catch (error) {
        trace.push(error as string);
      }
    });

    expect([trace, reports]).toEqual([["closed", "failure"], []]);
  });

  test("reports its failure to the exception handler if it is cancelled", async () => {
    const source = {
      [Symbol.asyncIterator]: () => ({
        next: async () => ({ done: false as const, value: "a" }),
        return: async () => {
          await hostTimer();
          throw "failure";
        },
      }),
    };
    await onLoop(function* () {
      const items = iterate(source);
      yield* items.next();
      const closing = loop.createTask(items.return());
      yield;
      closing.cancel();
      for (let left = 200; left > 0 && reports.length === 0; left--) {
        yield* fromPromise(hostTimer(5));
      }
    });

    expect(reports.map(({ exception }) => exception)).toEqual(["failure"]);
  });

  test("does not wait for an item that may never come", async () => {
    const source = {
      [Symbol.asyncIterator]: () => ({
        next: () => new Promise<IteratorResult<string>>(() => undefined),
        return() {
          trace.push("closed");
          return new Promise<IteratorResult<string>>(() => undefined);
        },
      }),
    };
    await onLoop(function* () {
      const items = iterate(source);
      yield* cancelledNext(items);
      yield* items.return();
      trace.push("goes on");
    });

    expect(trace).toEqual(["closed", "goes on"]);
  });

  test("waits for a stream to close even if a call of next() was cancelled", async () => {
    const stream = new ReadableStream({
      async cancel() {
        await hostTimer(5);
        trace.push("closed");
      },
    });
    await onLoop(function* () {
      const items = iterate(stream);
      yield* cancelledNext(items);
      yield* items.return();
      trace.push(String(stream.locked));
    });

    expect(trace).toEqual(["closed", "false"]);
  });

  test.each(["ends", "fails"])(
    "has nothing to close in a stream that %s meanwhile",
    async (how) => {
      let controller: ReadableStreamDefaultController | undefined;
      const stream = new ReadableStream({
        start: (given) => {
          controller = given;
        },
      });
      await onLoop(function* () {
        const items = iterate(stream);
        yield* cancelledNext(items);
        if (how === "ends") controller?.close();
        else controller?.error(new Error("of the stream"));
        yield* fromPromise(hostTimer());
        yield* items.return();
        trace.push(String(stream.locked));
      });

      expect(trace).toEqual(["false"]);
      expect(reports.splice(0)).toHaveLength(how === "fails" ? 1 : 0);
    },
  );

  test("reports the failure of an item that was already requested", async () => {
    async function* failing(): AsyncGenerator<string> {
      yield "a";
      await hostTimer();
      throw "failure";
    }
    await onLoop(function* () {
      const items = iterate(failing());
      yield* items.next();
      yield* cancelledNext(items);
      yield* items.return();
      yield* fromPromise(hostTimer(5));
    });

    expect(reports.map(({ exception }) => exception)).toEqual(["failure"]);
  });

  test("closes a stream before its first item, and does not start a generator", async () => {
    await onLoop(function* () {
      yield* iterate(letters()).return();
      yield* iterate(generator()).return();
      yield* iterate(streamOf("a")).return();
    });

    expect(trace).toEqual(["closed"]);
  });

  test("unlocks a stream, just as reaching its end does", async () => {
    const streams = [streamOf("a", "b"), streamOf("a")];
    await onLoop(function* () {
      const items = iterate(streams[0]!);
      yield* items.next();
      trace.push(String(streams[0]!.locked));
      yield* items.return();
      yield* toArray(iterate(streams[1]!));
    });

    expect([trace, streams.map(({ locked }) => locked)]).toEqual([
      ["true", "closed"],
      [false, false],
    ]);
  });

  test("ends another task's wait for a stream", async () => {
    const result = await onLoop(function* () {
      const items = iterate(new ReadableStream<string>());
      loop.createTask(function* () {
        yield;
        yield* items.return();
      });
      return yield* toArray(items);
    });

    expect(result).toEqual([]);
  });

  test("leaves a requested item to the other task that waits for it", async () => {
    const result = await onLoop(function* () {
      const items = iterate(letters());
      yield* items.next();
      const second = loop.createTask(items.next());
      yield;
      yield* items.return();
      return [yield* second, yield* items.next()];
    });

    expect([result, trace]).toEqual([
      [
        { done: false, value: "b" },
        { done: true, value: undefined },
      ],
      ["closed"],
    ]);
  });
});

describe("an iteration that a task leaves open", () => {
  test("is closed by run() at the end", async () => {
    await run(function* () {
      yield* iterate(letters()).next();
    });
    await hostTimer();

    expect(trace).toEqual(["closed"]);
  });

  test("is reported if it cannot be closed", async () => {
    function* stubborn(): Generator<string> {
      try {
        yield "a";
      } finally {
        // biome-ignore lint/correctness/noUnsafeFinally: a source that cannot be closed
        throw "failure";
      }
    }
    await onLoop(function* () {
      yield* loop.createTask(function* () {
        yield* iterate(stubborn()).next();
      });
      yield;
    });

    expect(reports.map(({ exception }) => exception)).toEqual(["failure"]);
  });

  test("belongs to the task that called iterate, whichever task takes the items", async () => {
    await onLoop(function* () {
      const items = iterate(generator());
      for (let i = 0; i < 2; i++) {
        trace.push(String((yield* loop.createTask(items.next())).value));
        yield;
      }
      yield* items.return();
    });

    expect(trace).toEqual(["a", "b", "closed"]);
  });

  test("belongs to the first task that takes an item if iterate was called outside a task", async () => {
    const items = iterate(generator());
    await onLoop(function* () {
      yield* loop.createTask(items.next());
      yield;
      trace.push("later");
    });

    expect(trace).toEqual(["closed", "later"]);
  });

  test("has a cleanup callback on the task, unlike an iteration that has ended", async () => {
    await onLoop(function* () {
      const task = currentTask();
      let added = 0;
      for (const name of ["addDoneCallback", "removeDoneCallback"] as const) {
        const original = task![name] as (callback: () => void) => unknown;
        Object.defineProperty(task, name, {
          value(callback: () => void) {
            added += name === "addDoneCallback" ? 1 : -1;
            return original.call(task, callback);
          },
        });
      }
      yield* toArray(iterate(["a"]));
      yield* iterate(["a"]).return();
      trace.push(String(added));
      iterate(["a"]);
      trace.push(String(added));
    });

    expect(trace).toEqual(["0", "1"]);
  });
});

test("iterate throws a TypeError for a value that cannot be iterated", () => {
  for (const wrong of [undefined, null, 42, {}, () => [], loop.createFuture(), sleep, sleep(1)]) {
    expect(() => iterate(wrong as never)).toThrow(/^Expected `source` to be/);
  }
});
