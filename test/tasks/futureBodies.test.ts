// A block or a body may return a future, such as that of `gather`, instead of a coroutine.

import { describe, expect, test } from "vitest";
import {
  Condition,
  type Coroutine,
  createTask,
  type Future,
  forEach,
  gather,
  Lock,
  latest,
  mapConcurrent,
  mapUnordered,
  moveOnAfter,
  Queue,
  retry,
  run,
  Semaphore,
  sleep,
  TimeoutError,
  taskGroup,
  timeout,
  timeoutAt,
} from "../../src/index.ts";
import { caught } from "../support/caught.ts";
import { runVirtually } from "../support/virtualLoop.ts";

const both = (): Future<number[]> => gather([sleep(1, 1), sleep(2, 2)]);

/** The first result of a source. */
function* firstOf<T>(source: AsyncIterable<T>): Coroutine<T | undefined> {
  const queue = new Queue<T>();
  yield* forEach(source, function* (item) {
    queue.putNowait(item);
  });
  return queue.getNowait();
}

const WAYS: Readonly<Record<string, () => Coroutine<unknown> | Future<unknown>>> = {
  createTask: () => createTask(both),
  timeout: () => timeout(10, both),
  timeoutAt: () => timeoutAt(10, both),
  moveOnAfter: () => moveOnAfter(10, both),
  taskGroup: () => taskGroup(both),
  "a task of a group": () => taskGroup((group) => group.createTask(both)),
  "lock.with": () => new Lock().with(both),
  "semaphore.with": () => new Semaphore(1).with(both),
  "condition.with": () => new Condition().with(both),
  retry: () => retry(both),
  *mapConcurrent() {
    const [first] = yield* mapConcurrent([0], both);
    return first;
  },
  mapUnordered: () => firstOf(mapUnordered([0], both)),
  latest: () => firstOf(latest([0], both)),
  *forEach() {
    yield* forEach([0], both);
    return [1, 2];
  },
};

describe.each(Object.entries(WAYS))("%s", (_, way) => {
  test("awaits the future that its body returns", () => {
    expect(runVirtually(way)).toEqual([1, 2]);
  });
});

test("`run` awaits the future that main returns", async () => {
  expect(await run(both)).toEqual([1, 2]);
});

test("a timeout cancels the future that its body returns", () => {
  let gathering: Future<unknown> | undefined;
  const main = timeout(1, () => {
    gathering = gather([sleep(1000)]);
    return gathering;
  });
  expect(caught(() => runVirtually(main))).toBeInstanceOf(TimeoutError);
  expect(gathering?.cancelled()).toBe(true);
});
