import { describe, expect, test } from "vitest";
import {
  type Coroutine,
  coroutine,
  createTask,
  Queue,
  sleep,
  timeout,
} from "../../../src/index.ts";
import { idsOf, startMany, warningsOf } from "./watch.ts";

/** Puts items at a pace, until the loop ends. */
function* produce(queue: Queue<number>, delay: number, count = 1): Coroutine<never> {
  for (;;) {
    for (let item = 0; item < count; item++) yield* queue.put(item);
    yield* sleep(delay);
  }
}

describe("queue-growing", () => {
  test("is raised when more goes into a queue than comes out", () => {
    const found = warningsOf(function* () {
      const queue = new Queue<number>();
      const consumer = coroutine(function* consume(): Coroutine<never> {
        for (;;) {
          yield* queue.get();
          yield* sleep(10);
        }
      });
      createTask(consumer);
      yield* sleep(1);
      createTask(() => produce(queue, 2));
      yield* sleep(3_000);
    });

    expect(found).toMatchObject([
      {
        id: "queue-growing",
        message: "Items are put into Queue 1 faster than they are taken out",
        place: "Queue 1, awaited in consume",
        evidence: expect.stringMatching(/^it grew from [\d,]+ to [\d,]+ items in 2\.\d s$/),
      },
    ]);
  });

  test.each<[string, Queue<number>, number]>([
    ["with a limit, which makes the producer wait", new Queue(500), 1],
    ["that is emptied from time to time", new Queue(), 1],
  ])("is not raised for a queue %s", (_, queue, step) => {
    expect(
      idsOf(function* () {
        createTask(function* () {
          for (;;) {
            yield* queue.get();
            yield* sleep(queue.maxsize > 0 ? 10 : 0);
            if (queue.maxsize > 0) continue;
            yield* sleep(1_500);
            while (!queue.empty()) queue.getNowait();
          }
        });
        yield* sleep(1);
        createTask(() => produce(queue, step));
        yield* sleep(12_000);
      }),
    ).toEqual([]);
  });

  test("is not raised for a burst that the consumer drains", () => {
    expect(
      idsOf(function* () {
        const queue = new Queue<number>();
        createTask(function* () {
          for (;;) {
            yield* queue.get();
            yield* sleep(1);
          }
        });
        yield* sleep(1);
        for (let item = 0; item < 20_000; item++) queue.putNowait(item);
        yield* sleep(5_000);
      }),
    ).toEqual([]);
  });
});

describe("timer-leak", () => {
  test("is raised while scheduled callbacks accumulate", () => {
    const found = warningsOf(function* (loop) {
      createTask(function* () {
        for (;;) {
          loop.callLater(3_600_000, function expire() {});
          yield* sleep(1);
        }
      });
      yield* sleep(4_000);
    });

    expect(found).toMatchObject([
      {
        id: "timer-leak",
        place: expect.stringContaining("expire"),
        wayOut: expect.stringContaining("Cancel"),
      },
    ]);
  });

  test.each<[string, number, boolean]>([
    ["are cancelled", 3_600_000, true],
    ["come due", 900, false],
  ])("is not raised when the callbacks %s", (_, delay, isCancelled) => {
    expect(
      idsOf(function* (loop) {
        createTask(function* () {
          for (;;) {
            const handles = Array.from({ length: 20 }, () =>
              loop.callLater(delay, () => undefined),
            );
            yield* sleep(10);
            if (isCancelled) for (const handle of handles) handle.cancel();
          }
        });
        yield* sleep(5_000);
      }),
    ).toEqual([]);
  });

  test("is not raised for many timers added at the same time, or for sleeps and timeouts", () => {
    expect(
      idsOf(function* (loop) {
        for (let i = 0; i < 5_000; i++) loop.callLater(3_600_000, () => undefined);
        createTask(function* () {
          for (;;) {
            startMany(10, () => timeout(4_000_000, () => sleep(3_600_000)));
            yield* sleep(20);
          }
        });
        yield* sleep(5_000);
      }),
    ).toEqual([]);
  });
});
