import { describe, expect, test } from "vitest";
import {
  type Coroutine,
  createTask,
  forEach,
  fromPromise,
  getRunningLoop,
  iterate,
  mapConcurrent,
  type Progress,
  type ProgressSnapshot,
  progress,
  run,
  sleep,
  taskGroup,
  throttle,
} from "../../src/index.ts";
import { dispose } from "../../src/lang/dispose.ts";
import { explore, VirtualClock } from "../../src/testing.ts";
import { runVirtually } from "../support/virtualLoop.ts";

const END = { done: true, value: undefined };

function words({ count, total, elapsed, rate, remaining }: ProgressSnapshot): string {
  return `${count}/${total} ${elapsed}ms ${rate}/s ${remaining}`;
}

function* collect(source: AsyncIterable<ProgressSnapshot>, into: string[]): Coroutine<void> {
  yield* forEach(source, function* (snapshot) {
    into.push(words(snapshot));
  });
  into.push(`end@${getRunningLoop().time()}`);
}

describe("progress", () => {
  test("reports the exact rate per second and the remaining time, by the loop's clock", () => {
    const seen = runVirtually(function* () {
      yield* sleep(1_000);
      const pages = progress({ total: 10, label: "pages" });
      const all = [words(pages.snapshot()), pages.label];
      yield* sleep(500);
      all.push(words(pages.snapshot()));
      pages.tick();
      all.push(words(pages.snapshot()));
      yield* sleep(500);
      pages.tick(3);
      all.push(words(pages.snapshot()));
      yield* sleep(1_000);
      pages.tick(6);
      yield* sleep(1_000);
      all.push(words(pages.snapshot()));
      return all;
    });

    expect(seen).toEqual([
      "0/10 0ms 0/s undefined",
      "pages",
      "0/10 500ms 0/s undefined",
      "1/10 500ms 2/s 4500",
      "4/10 1000ms 4/s 1500",
      "10/10 2000ms 5/s 0",
    ]);
  });

  test("reports no remaining time without a total", () => {
    const seen = runVirtually(function* () {
      const bytes = progress();
      bytes.tick(100);
      const all = [bytes.remaining, bytes.rate];
      yield* sleep(100);
      all.push(bytes.remaining, bytes.rate);
      bytes.total = 300;
      return [...all, bytes.remaining];
    });

    expect(seen).toEqual([undefined, 0, undefined, 1_000, 200]);
  });

  test("gives each reader the first snapshot, then the latest one at each request, and finally the last one", () => {
    const [quick, slow] = runVirtually(function* () {
      const pages = progress({ total: 4 });
      const all: string[][] = [[], []];
      const readers = [
        createTask(collect(pages, all[0] as string[])),
        createTask(collect(throttle(pages, 250), all[1] as string[])),
      ];
      for (let n = 0; n < 4; n++) {
        yield* sleep(100);
        pages.tick();
      }
      for (const reader of readers) yield* reader;
      return all;
    });

    expect(quick).toEqual([
      "0/4 0ms 0/s undefined",
      "1/4 100ms 10/s 300",
      "2/4 200ms 10/s 200",
      "3/4 300ms 10/s 100",
      "4/4 400ms 10/s 0",
      "end@400",
    ]);
    expect(slow).toEqual([
      "0/4 0ms 0/s undefined",
      "2/4 200ms 10/s 200",
      "4/4 400ms 10/s 0",
      "end@500",
    ]);
  });

  test.each<[string, (pages: Progress) => Coroutine<void>, string]>([
    [
      "a `using` block",
      function* (pages) {
        yield* sleep(3);
        pages[dispose]();
        pages.tick();
      },
      "end@3",
    ],
    [
      "its task",
      function* () {
        yield* sleep(5);
      },
      "end@5",
    ],
    [
      "the tick that reaches its total",
      function* (pages) {
        pages.tick(2);
        yield* sleep(9);
      },
      "end@0",
    ],
  ])("ends with %s", (_, body, end) => {
    const seen: string[] = [];
    runVirtually(function* () {
      let reader: Coroutine<void> | undefined;
      const owner = createTask(function* () {
        const pages = progress({ total: 2 });
        reader = createTask(collect(pages, seen)) as never;
        yield* body(pages);
      });
      yield* owner;
      yield* reader as Coroutine<void>;
    });

    expect(seen.at(-1)).toBe(end);
  });

  test("stops measuring time when it ends, but still counts ticks", () => {
    const seen = runVirtually(function* () {
      const pages = progress();
      yield* sleep(10);
      pages.tick();
      pages[dispose]();
      yield* sleep(10);
      pages.tick();
      return [pages.count, pages.elapsed, (yield* iterate(pages).next()).value?.count];
    });

    expect(seen).toEqual([2, 10, 2]);
  });

  test("can be displayed by a background task of a task group", () => {
    const seen: string[] = [];
    runVirtually(
      taskGroup(function* (group) {
        const pages = progress();
        group.createTask(collect(throttle(pages, 20), seen), { background: true });
        yield* mapConcurrent([10, 20, 30], function* (delay) {
          yield* sleep(delay);
          pages.tick();
        });
      }),
    );

    expect(seen.map((line) => line.split(" ")[0])).toEqual(["0/undefined", "1/undefined"]);
  });

  test("can be read by `for await`", async () => {
    const seen: number[] = [];
    await run(function* () {
      const pages = progress({ total: 2 });
      const reader = (async () => {
        for await (const { count } of pages) seen.push(count);
      })();
      yield* sleep(5);
      pages.tick();
      yield* sleep(5);
      pages.tick();
      yield* fromPromise(reader);
    });

    expect(seen).toEqual([0, 1, 2]);
  });

  test("ends a waiting call of `next()` when its reader is closed, but not the calls of other readers", async () => {
    const ends: unknown[] = [];
    runVirtually(function* () {
      const pages = progress();
      const readers = [iterate(pages), iterate(pages)];
      for (const reader of readers) yield* reader.next();
      const [first, second] = readers.map((reader) => createTask(reader.next()));
      yield* sleep(1);
      yield* readers[0]!.return();
      yield* sleep(1);
      ends.push(first?.done() && first.result(), second?.done());
      pages.tick();
      ends.push((yield* second!).value?.count);
    });
    const outside = await run(
      async () => {
        const reader = progress()[Symbol.asyncIterator]();
        await reader.next();
        const waiting = reader.next();
        await reader.return?.();
        return await waiting;
      },
      { clock: new VirtualClock() },
    );

    expect([ends, outside]).toEqual([[END, false, 1], END]);
  });

  test("notifies every reader of its end, in every order of steps", async () => {
    const main = function* (): Coroutine<void> {
      const pages = progress({ total: 3 });
      const seen: string[][] = [[], []];
      const readers = seen.map((into, index) =>
        createTask(collect(pages, into), index === 0 ? { name: "victim" } : {}),
      );
      for (let n = 0; n < 3; n++) {
        yield;
        pages.tick();
      }
      while (readers.some((reader) => !reader.done())) yield* sleep(1);
      readers.forEach((reader, index) => {
        if (!reader.cancelled()) expect(seen[index]?.at(-2)?.startsWith("3/3 ")).toBe(true);
      });
    };

    await explore(main, { runs: 300, cancelPoints: "victim" });
  });

  test("checks its arguments, and needs a loop", () => {
    expect(() => progress()).toThrow("needs an event loop");
    const refuse = (action: () => unknown) => () =>
      runVirtually(function* () {
        action();
      });
    expect(refuse(() => progress({ total: -1 }))).toThrow("`total`");
    expect(refuse(() => progress({ total: "1" as never }))).toThrow("`total`");
    expect(refuse(() => progress({ label: 1 as never }))).toThrow("`label`");
    expect(refuse(() => progress(5 as never))).toThrow("`options`");
    expect(refuse(() => progress().tick(-1))).toThrow("`n`");
    expect(refuse(() => progress().tick("1" as never))).toThrow("`n`");
    expect(
      refuse(() => {
        progress().total = 0.5;
      }),
    ).toThrow("`total`");
  });
});
