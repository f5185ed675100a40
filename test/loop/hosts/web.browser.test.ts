// The loop as a guest of a page.

import { afterEach, describe, expect, test, vi } from "vitest";
import { type EventLoop, newEventLoop } from "../../../src/index.ts";
import { WebHost } from "../../../src/loop/hosts/web.ts";
import { untilHost } from "../../support/host.ts";

afterEach(() => {
  vi.unstubAllGlobals();
});

/** Keeps the loop busy until the host has done something. Returns whether it has. */
async function isAllowed(loop: EventLoop, event: (done: () => void) => void): Promise<boolean> {
  const host = untilHost(event);
  const spin = () => (host.over() ? loop.stop() : loop.callSoon(spin));
  spin();
  await loop.runForever();
  return host.happened;
}

describe.each(["with", "without"])("%s prioritized tasks", (prioritized) => {
  function newLoop(): EventLoop {
    if (prioritized === "without") vi.stubGlobal("scheduler", undefined);
    return newEventLoop();
  }

  test("a loop with endless work lets the page draw", async () => {
    expect(await isAllowed(newLoop(), (done) => requestAnimationFrame(done))).toBe(true);
  });

  test("a loop with endless work lets messages through", async () => {
    const { port1, port2 } = new MessageChannel();
    const allowed = await isAllowed(newLoop(), (done) => {
      port1.onmessage = done;
      port2.postMessage("message");
    });
    port1.close();

    expect(allowed).toBe(true);
  });

  test("a loop that stopped can run again", async () => {
    const loop = newLoop();
    const once = await isAllowed(loop, (done) => setTimeout(done, 0));
    const again = await isAllowed(loop, (done) => setTimeout(done, 0));
    loop.close();

    expect([once, again]).toEqual([true, true]);
  });
});

describe("endless work, which would starve the rendering of Firefox", () => {
  /**
   * Runs without an end, for a number of frames, and until there were at least `least` slices that
   * were not tasks of the page. Returns their number.
   */
  async function gapsWhileHidden(
    isHidden: boolean,
    least = 0,
  ): Promise<{ gaps: number; frames: number }> {
    vi.spyOn(document, "hidden", "get").mockReturnValue(isHidden);
    let steps = 0;
    let tasks = 0;
    const { port1, port2 } = new MessageChannel();
    const postTask = async (callback: () => void) => {
      tasks++;
      port1.onmessage = callback;
      port2.postMessage(undefined);
    };
    vi.stubGlobal("scheduler", { postTask });
    const begin = performance.now();
    await new Promise<void>((done) => {
      const step = () => {
        if (performance.now() > begin + 200 && steps - tasks >= least) return done();
        steps++;
        host.post();
      };
      const host = new WebHost(step, () => undefined);
      step();
    });
    const frames = (performance.now() - begin) / 16;
    port1.close();
    vi.restoreAllMocks();
    vi.unstubAllGlobals();
    return { gaps: steps - tasks, frames };
  }

  test("pauses in a visible page, at most once per frame", async () => {
    const { gaps, frames } = await gapsWhileHidden(false, 2);

    expect(gaps).toBeGreaterThan(1);
    expect(gaps).toBeLessThanOrEqual(frames + 1);
  });

  test("does not pause in a hidden page, whose timers are throttled", async () => {
    expect((await gapsWhileHidden(true)).gaps).toBe(0);
  });
});
