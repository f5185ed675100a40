// What another copy of the package made. Only in Node: a page keeps one instance of each module.

import { beforeAll, describe, expect, test, vi } from "vitest";
import * as ours from "../../src/index.ts";

const { createTask, run, sleep, Task } = ours;

describe("what another copy of the package made", () => {
  let theirs: typeof ours;
  beforeAll(async () => {
    vi.resetModules();
    theirs = await import("../../src/index.ts");
  });
  const reason = /another copy of mysyncio/;

  test("is another copy's", () => {
    expect(theirs.Task).not.toBe(Task);
  });

  test("is an error that names the reason when a coroutine awaits a future or a task", async () => {
    const loop = theirs.newEventLoop();
    for (const wait of [() => loop.createFuture(), () => loop.createTask(() => theirs.sleep(1))]) {
      await expect(
        run(function* () {
          yield* wait() as unknown as ours.Future<unknown>;
        }),
      ).rejects.toThrow(reason);
    }
  });

  test("is an error that names the reason when it is a decorated coroutine", async () => {
    const decorated = theirs.coroutine(function* () {
      yield;
      return 1;
    });
    await expect(run(decorated() as never)).rejects.toThrow(reason);
    await expect(
      run(function* () {
        yield* createTask(decorated() as never);
      }),
    ).rejects.toThrow(reason);
  });

  test("is an error that names the reason when it is a loop", () => {
    const loop = theirs.newEventLoop();
    expect(() => ours.setEventLoop(loop as never)).toThrow(/of this copy of mysyncio/);
    expect(() => new ours.Future({ loop: loop as never })).toThrow(/of this copy of mysyncio/);
    expect(() => ours.ensureFuture(sleep(1), { loop: loop as never })).toThrow(/of this copy/);
    loop.close();
  });
});
