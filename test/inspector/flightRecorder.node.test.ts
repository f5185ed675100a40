import { expect, test } from "vitest";
import { type FlightCause, startTrace } from "../../src/inspector.ts";
import { newEventLoop, sleep } from "../../src/node.ts";

test("a flight recorder passes its events to `dump` at a signal, and leaves no handler behind", async () => {
  const before = process.listenerCount("SIGUSR2");
  const loop = newEventLoop();
  const causes: FlightCause[] = [];
  try {
    const recording = startTrace({
      loop,
      signal: "SIGUSR2",
      dump: (events, cause) => {
        if (events.length > 0) causes.push(cause);
      },
    });
    await loop.runUntilComplete(function* () {
      process.kill(process.pid, "SIGUSR2");
      while (causes.length === 0) yield* sleep(1);
    });
    recording.stop();

    expect(causes).toEqual(["SIGUSR2"]);
    expect(process.listenerCount("SIGUSR2")).toBe(before);
    expect(() => startTrace({ loop, dump: () => undefined, signal: "SIGNOT" })).toThrow(TypeError);
  } finally {
    loop.close();
  }
});
