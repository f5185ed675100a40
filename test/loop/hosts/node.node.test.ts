// The loop and the lifetime of a Node process. The programs run as users run them, on the built
// package.

import { describe, expect, test } from "vitest";
import { newEventLoop } from "../../../src/index.ts";
import { untilHost } from "../../support/host.ts";
import { output } from "../../support/program.ts";

const PRELUDE = 'import { newEventLoop, getRunningLoop, run, sleep } from "mysyncio";\n';

/** Prints "kept" and ends the process, if anything else keeps it alive for a second. */
const OBSERVER = 'setTimeout(() => { console.log("kept"); process.exit(); }, 1_000).unref();\n';

describe("a process", () => {
  const programs: Record<string, [string, string]> = {
    "is kept alive by a loop that runs and has nothing to do": [
      "newEventLoop().runForever();",
      "kept",
    ],
    "is kept alive by a loop that waits for a timer": [
      "const loop = newEventLoop(); loop.callLater(60_000, () => {}); loop.runForever();",
      "kept",
    ],
    "is not kept alive by a loop that does not run": [
      "newEventLoop().callLater(60_000, () => {});",
      "",
    ],
    "ends while an unref'ed loop has nothing to do": [
      "const loop = newEventLoop(); loop.runForever(); loop.unref();",
      "",
    ],
    "ends while a loop that was unref'ed before it ran waits for a timer": [
      "const loop = newEventLoop(); loop.unref(); loop.callLater(60_000, () => {}); loop.runForever();",
      "",
    ],
    "ends while a loop that is unref'ed later waits for a timer": [
      "const loop = newEventLoop(); loop.callLater(60_000, () => {}); loop.runForever();\n" +
        "setTimeout(() => loop.unref(), 5);",
      "",
    ],
    "ends while an unref'ed loop has endless work": [
      "const loop = newEventLoop(); loop.unref(); loop.runForever();\n" +
        "loop.callSoon(function spin() { loop.callSoon(spin); });",
      "",
    ],
    "is kept alive again once the loop is ref'ed again": [
      "const loop = newEventLoop(); loop.runForever(); loop.unref(); loop.ref();",
      "kept",
    ],
    // Repeated, because the posted task may be due before the process checks whether to end.
    "is kept alive by a busy loop each time it is ref'ed again": [
      "const loop = newEventLoop(); let left = 5;\n" +
        'const finish = () => { console.log("finished"); loop.stop(); };\n' +
        "loop.callSoon(function spin() { loop.callSoon(left > 0 ? spin : finish); });\n" +
        "function refAgain() { loop.ref(); if (--left > 0) setTimeout(unref, 10).unref(); }\n" +
        "function unref() { loop.unref(); setImmediate(() => setImmediate(refAgain)); }\n" +
        "unref(); loop.runForever();",
      "finished",
    ],
    "ends when its loop is stopped": [
      "const loop = newEventLoop(); loop.callLater(60_000, () => {}); loop.runForever();\n" +
        "setTimeout(() => loop.stop(), 5);",
      "",
    ],
    "ends when run() ends, whatever timers are left": [
      "await run(function* () { getRunningLoop().callLater(60_000, () => {}); yield* sleep(1); });",
      "",
    ],
  };

  test.concurrent.each(Object.entries(programs))("%s", async (_, [program, expected]) => {
    // The other programs must end without the observer, however long they take.
    const observer = expected === "kept" ? OBSERVER : "";
    expect(await output("main.mjs", PRELUDE + observer + program)).toBe(expected);
  });
});

test("a loop with endless work lets immediates run", async () => {
  const loop = newEventLoop();
  const host = untilHost((done) => setImmediate(done));
  const spin = () => (host.over() ? loop.stop() : loop.callSoon(spin));
  spin();
  await loop.runForever();

  expect(host.happened).toBe(true);
});

test("a deadline beyond the range of the host's timers does not run early", async () => {
  const loop = newEventLoop();
  const ran: string[] = [];
  loop.callLater(2 ** 31, () => ran.push("early"));
  loop.callLater(20, () => loop.stop());
  await loop.runForever();

  expect(ran).toEqual([]);
});
