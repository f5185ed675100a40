// The loop as a guest of a page.

import { afterEach, describe, expect, test, vi } from "vitest";
import { type EventLoop, newEventLoop } from "../../../src/eventLoop.ts";
import { untilHost } from "../../support/host.ts";

afterEach(() => {
  vi.unstubAllGlobals();
});

/** Keeps the loop busy until the host has done something; says whether it has. */
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

  test("a loop whose work never ends lets the page draw", async () => {
    expect(await isAllowed(newLoop(), (done) => requestAnimationFrame(done))).toBe(true);
  });

  test("a loop whose work never ends lets messages through", async () => {
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
