// The fixtures of `mysyncio/vitest`.

import { describe, expect } from "vitest";
import { getEventLoop, getRunningLoop, sleep, toAsync } from "../../src/index.ts";
import { test } from "../../src/vitest.ts";

const HOUR = 3_600_000;

describe("a test with a virtual loop", () => {
  test("takes no real time", async ({ loop, run }) => {
    const value = await run(function* () {
      yield* sleep(24 * HOUR);
      return getRunningLoop() === loop;
    });

    expect(value).toBe(true);
    expect(loop.time()).toBe(24 * HOUR);
  });

  test("has its own loop", ({ loop }) => {
    expect(loop.time()).toBe(0);
  });

  test("runs `toAsync` functions on its loop", async () => {
    const later = toAsync(() => sleep(HOUR, "later"));

    expect(await later()).toBe("later");
    expect(getEventLoop().time()).toBe(HOUR);
  });

  test("runs coroutines alongside async functions", async ({ run }) => {
    const late = toAsync(() => sleep(2 * HOUR, "late"))();

    expect(await run(() => sleep(HOUR, "soon"))).toBe("soon");
    expect(await late).toBe("late");
  });

  test.extend<{ text: string }>({ text: "more" })(
    "can be extended with fixtures",
    async ({ run, text }) => {
      expect(await run(() => sleep(HOUR, text))).toBe("more");
    },
  );
});
