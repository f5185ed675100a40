// A cancellation reaches everything that the cancelled future awaits, even if two gathers share a
// child: cancelling that child ends both of them at once.

import { expect } from "vitest";
import {
  type Coroutine,
  createTask,
  Future,
  gather,
  mapConcurrent,
  race,
  type Task,
  taskGroup,
  timeout,
  wait,
  withSignal,
} from "../../src/index.ts";
import { loop, test } from "../support/virtualTest.ts";

/** Two gathers that share a child, and have another child each. */
interface World {
  readonly left: Future<unknown>;
  readonly right: Future<unknown>;
  readonly children: readonly Future<unknown>[];
}

function newWorld(): World {
  const [shared, one, other] = [new Future(), new Future(), new Future()];
  return {
    left: gather([shared, one]),
    right: gather([shared, other]),
    children: [shared, one, other],
  };
}

function* awaiting(future: Future<unknown>): Coroutine<unknown> {
  return yield* future;
}

const cancels: Record<string, (world: World) => Coroutine<unknown>> = {
  *"a gather of both"({ left, right }) {
    yield;
    gather([left, right]).cancel();
  },
  *"a gather of one and the shared child"({ left, right, children }) {
    yield;
    gather([children[0] as Future<unknown>, gather([left, right])]).cancel();
  },
  *"a gather of tasks"({ left, right }) {
    const both = gather([awaiting(left), awaiting(right)]);
    yield;
    both.cancel();
  },
  *"a task"({ left, right }) {
    const task = createTask(() => gather([left, awaiting(right)]));
    yield;
    yield;
    task.cancel();
  },
  *"a task group"({ left, right }) {
    yield* taskGroup(function* (group) {
      for (const half of [left, right]) group.createTask(awaiting(half));
      yield;
      group.cancel();
    });
  },
  *"a race's losers"({ left, right }) {
    yield* race([awaiting(left), awaiting(right), left, right, () => Promise.resolve()]);
  },
  *"a race's losing gathers"({ left, right }) {
    yield* race([left, right, () => Promise.resolve()]);
  },
  *"a map"({ left, right }) {
    const map = createTask(mapConcurrent([left, right], awaiting));
    yield;
    yield;
    map.cancel();
  },
  *"a timeout"({ left, right }) {
    yield* timeout(1, () => gather([left, right]));
  },
  *"a signal"({ left, right }) {
    const controller = new AbortController();
    loop.callLater(1, () => controller.abort());
    yield* withSignal(controller.signal, gather([left, right]));
  },
};

for (const [name, cancel] of Object.entries(cancels)) {
  test(`cancelling ${name} cancels all children of gathers that share one`, async () => {
    const world: { value?: World } = {};
    const task: Task<unknown> = loop.createTask(function* () {
      world.value = newWorld();
      yield* cancel(world.value);
    });
    await loop.runUntilComplete(gather([task], { returnExceptions: true }));
    await loop.runUntilComplete(
      loop.createTask(function* () {
        yield;
        yield;
      }),
    );
    const { left, right, children } = world.value as World;
    expect([left, right, ...children].map((future) => future.cancelled())).toEqual(
      Array(5).fill(true),
    );
  });
}

test("when a gather of a race and a task is cancelled, a loser of the race that awaits the task ends after the task", async () => {
  const trace: string[] = [];
  function* ending(name: string, aw: () => Future<unknown>): Coroutine<void> {
    try {
      yield* aw();
    } finally {
      yield;
      trace.push(name);
    }
  }
  await loop.runUntilComplete(
    loop.createTask(function* () {
      const innermost = createTask(ending("innermost", () => new Future()));
      const later: Task<unknown> = loop.createTask(ending("later", () => innermost));
      const racing = createTask(race([ending("loser", () => later), new Future()]));
      const all = gather([racing, later], { returnExceptions: true });
      for (let turn = 0; turn < 3; turn++) yield;
      all.cancel();
      yield* wait([all]);
      expect(later.cancelling()).toBe(2);
    }),
  );
  expect(trace).toEqual(["innermost", "later", "loser"]);
});
