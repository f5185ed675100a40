import { describe, expect } from "vitest";
import {
  CancelledError,
  type Coroutine,
  createTask,
  shield,
  sleep,
  timeout,
} from "../../src/index.ts";
import { caught } from "../support/caught.ts";
import { collectGarbage } from "../support/garbage.ts";
import { collectReports } from "../support/reports.ts";
import { runDry } from "../support/virtualLoop.ts";
import { loop, test } from "../support/virtualTest.ts";

function onLoop<T>(main: () => Coroutine<T>): T {
  return loop.runUntilCompleteSync(main);
}

function* failAfter(delay: number, error: unknown): Coroutine<never> {
  yield* sleep(delay);
  throw error;
}

describe("shield", () => {
  test("returns the result or throws the error of the awaitable it shields", () => {
    const outcome = onLoop(function* (): Coroutine<unknown[]> {
      const value = yield* shield(sleep(1, "value"));
      try {
        yield* shield(failAfter(1, "error"));
      } catch (error) {
        return [value, error];
      }
      return [];
    });

    expect(outcome).toEqual(["value", "error"]);
  });

  test("accepts everything that can be awaited", async () => {
    const outcome = await loop.runUntilComplete(function* () {
      return [
        yield* shield(createTask(sleep(1, "task"))),
        yield* shield(Promise.resolve("promise")),
        yield* shield(() => sleep(1, "function")),
      ];
    });

    expect(outcome).toEqual(["task", "promise", "function"]);
  });

  test("returns a completed future unchanged", () => {
    const done = loop.createFuture<number>();
    done.setResult(1);

    expect(shield(done)).toBe(done);
  });

  test("lets the shielded awaitable continue when its waiter is cancelled", () => {
    const inner = loop.createTask(sleep(100, "value"));
    const outer = loop.createTask(function* () {
      return yield* shield(inner);
    });
    loop.callLater(10, () => outer.cancel());
    outer.addDoneCallback(() => expect(loop.time()).toBe(10));
    runDry(loop);

    expect([outer.cancelled(), inner.result(), loop.time()]).toEqual([true, "value", 100]);
  });

  test("lets the shielded task continue after the deadline of a timeout around the shield", () => {
    const outcome = onLoop(function* () {
      const saved = createTask(sleep(100, "saved"));
      let name = "";
      try {
        yield* timeout(10, function* () {
          yield* shield(saved);
        });
      } catch (error) {
        name = (error as Error).name;
      }
      return [name, loop.time(), yield* saved];
    });

    expect(outcome).toEqual(["TimeoutError", 10, "saved"]);
  });

  test("is cancelled when the shielded awaitable is", () => {
    const inner = loop.createFuture();
    const outer = shield(inner);
    inner.cancel("by somebody");

    expect([outer.cancelled(), caught(() => outer.result())]).toEqual([
      true,
      new CancelledError("by somebody"),
    ]);
  });

  test("keeps a result that was set on it directly", () => {
    const inner = loop.createFuture<string>();
    const outer = shield(inner);
    outer.setResult("other");
    inner.setResult("inner");

    expect(outer.result()).toBe("other");
  });

  test("throws a TypeError that names an argument that cannot be awaited", () => {
    expect(() => shield(42 as never)).toThrow(TypeError);
  });
});

describe("the shielded awaitable", () => {
  test("is kept alive by the loop when nothing else refers to it", async () => {
    let ended = 0;
    loop.callSoon(() => {
      shield(function* () {
        yield* sleep(100);
        ended++;
      }).cancel();
      loop.stop();
    });
    loop.runForeverSync();
    let looks = 0;
    await collectGarbage(() => looks++ === 3);
    runDry(loop);

    expect(ended).toBe(1);
  });

  test("is reported once if it fails after the shield was cancelled", () => {
    const reports = collectReports(loop);
    loop.callSoon(() => {
      shield(failAfter(10, "late")).cancel();
    });
    runDry(loop);
    const early = reports.length;
    loop.close();

    expect([early, reports.map(({ exception }) => exception)]).toEqual([0, ["late"]]);
  });

  test("is not reported if something else awaits it", () => {
    const reports = collectReports(loop);
    onLoop(function* () {
      const inner = createTask(failAfter(10, "late"));
      shield(inner).cancel();
      try {
        yield* inner;
      } catch {}
    });
    loop.close();

    expect(reports).toEqual([]);
  });

  test("is reported once if nobody awaits the shield", () => {
    const reports = collectReports(loop);
    loop.callSoon(() => {
      shield(failAfter(10, "late"));
    });
    runDry(loop);
    loop.close();

    expect(reports.map(({ exception }) => exception)).toEqual(["late"]);
  });

  test("does not keep a reference to a cancelled shield", () => {
    const inner = loop.createFuture();
    const removed: unknown[] = [];
    const { _removeWaiter } = inner;
    inner._removeWaiter = (waiter) => {
      removed.push(waiter);
      _removeWaiter.call(inner, waiter);
    };
    const outer = shield(inner);
    outer.cancel();

    expect([removed.length, removed[0] === outer]).toEqual([1, true]);
  });
});
