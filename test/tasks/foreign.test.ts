// Tests coroutines that a compiler emitted, and mistakes whose error says how to fix them.

import { describe, expect, test } from "vitest";
import * as ours from "../../src/index.ts";
import { compiledByBabel, compiledByTypeScript } from "./compiled.ts";

const { coroutine, createTask, fromPromise, gather, run, sleep } = ours;

describe.each(Object.entries({ compiledByBabel, compiledByTypeScript }))(
  "a generator function compiled for an older target (%s)",
  (_, compiled) => {
    const add = compiled as unknown as (wait: typeof sleep, n: number) => ours.Coroutine<number>;

    test("works in `run`, as a task, in `gather` and after `yield*`", async () => {
      expect(await run(add(sleep, 3))).toBe(6);
      expect(await run(() => add(sleep, 3))).toBe(6);
      expect(
        await run(function* () {
          return [
            yield* createTask(add(sleep, 2)),
            yield* gather([add(sleep, 1), add(sleep, 2)]),
            yield* add(sleep, 3),
            yield* ours.timeout(1_000, () => add(sleep, 2)),
          ];
        }),
      ).toEqual([3, [1, 3], 6, 3]);
    });

    test("is cancelled where it waits", async () => {
      const forever = () => sleep(1e9, 0);
      const main = function* (): ours.Coroutine<boolean> {
        const task = createTask(add(forever as never, 1));
        yield;
        yield;
        task.cancel();
        yield* ours.wait([task]);
        return task.cancelled();
      };
      expect(await run(main)).toBe(true);
    });

    test("works when decorated, or is rejected with an error that names the reason", async () => {
      let decorated: typeof add;
      try {
        decorated = coroutine(add as never) as never;
      } catch (error) {
        expect(String(error)).toMatch(/not one compiled for a target before ES2015/);
        return;
      }
      expect(await run(decorated(sleep, 3))).toBe(6);
    });
  },
);

describe("a mistake throws an error", () => {
  test("that says how to fix it when a promise is yielded without the star", async () => {
    await expect(
      run(function* () {
        yield Promise.resolve() as never;
      }),
    ).rejects.toThrow("`yield* fromPromise(promise)`");
    await expect(
      run(function* () {
        yield sleep(1) as never;
      }),
    ).rejects.toThrow("`yield*`");
    expect(await run(() => fromPromise(Promise.resolve(1)))).toBe(1);
  });

  test("when a plain generator is started as a second task, in debug mode", async () => {
    const main = function* (): ours.Coroutine<void> {
      const plain = (function* () {
        yield;
        return 1;
      })();
      expect(yield* createTask(plain)).toBe(1);
      expect(() => createTask(plain)).toThrow(ours.InvalidStateError);
    };
    await run(main, { debug: true });
  });
});
