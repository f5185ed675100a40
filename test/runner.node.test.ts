// Ctrl-C in a Node program. The built package runs it, in its own process.

import { describe, expect, test } from "vitest";
import { exitOf } from "./support/program.ts";

/** Sends itself `signals` SIGINTs, 50 ms apart, while `main` runs. */
function program(main: string, { signals = 1, options = "", before = "", after = "" } = {}) {
  return `
    import { run, sleep, CancelledError } from "mysyncio";
    ${before}
    let sent = 0;
    const timer = setInterval(() => {
      if (++sent > ${signals}) clearInterval(timer);
      else process.kill(process.pid, "SIGINT");
    }, 50);
    try {
      console.log(await run(${main}, { ${options} }));
    } catch (error) {
      console.log(error.name, error.message);
    }
    clearInterval(timer);
    console.log(process.listenerCount("SIGINT"));
    ${after}`;
}

const sleeper = `function* () {
  try { yield* sleep(5000); } finally { yield* sleep(1); console.log("cleaned up"); }
}`;

describe("the first SIGINT", () => {
  test("cancels the main task, which cleans up, and run rejects", async () => {
    const { code, stdout } = await exitOf(program(sleeper));
    expect([code, stdout]).toEqual([
      0,
      ["cleaned up", "CancelledError Interrupted by SIGINT", "0"],
    ]);
  });

  test("makes run return the result of a main task that swallows the cancellation", async () => {
    const main = `function* () { try { yield* sleep(5000); } catch { return "kept on"; } }`;
    const { code, stdout } = await exitOf(program(main));
    expect([code, stdout]).toEqual([0, ["kept on", "0"]]);
  });

  test("cancels the main tasks of all loops", async () => {
    const { stdout } = await exitOf(
      program(sleeper, {
        before: `const other = run(function* () { yield* sleep(5000); }).catch((e) => e.name);`,
        after: `console.log(await other);`,
      }),
    );
    expect(stdout).toEqual([
      "cleaned up",
      "CancelledError Interrupted by SIGINT",
      "0",
      "CancelledError",
    ]);
  });
});

describe("the second SIGINT", () => {
  test("ends the process", async () => {
    const stubborn = `function* () { for (;;) { try { yield* sleep(5000); } catch {} } }`;
    const { signal } = await exitOf(program(stubborn, { signals: 2 }));
    expect(signal).toBe("SIGINT");
  });
});

describe("a program that listens to SIGINT itself", () => {
  const before = `process.on("SIGINT", () => console.log("mine"));`;
  const main = `function* () { yield* sleep(200); return "ended"; }`;

  test("alone handles the signal, so main is not cancelled", async () => {
    const { stdout } = await exitOf(program(main, { before }));
    expect(stdout).toEqual(["mine", "ended", "1"]);
  });

  test("alone handles the signal even if it starts to listen during the run", async () => {
    const listening = `function* () {
      process.on("SIGINT", () => console.log("mine"));
      yield* sleep(200);
      return "ended";
    }`;
    const { stdout } = await exitOf(program(listening));
    expect(stdout).toEqual(["mine", "ended", "1"]);
  });

  test("still has its main task cancelled if `handleSigint` is true", async () => {
    const { stdout } = await exitOf(program(main, { before, options: "handleSigint: true" }));
    expect(stdout).toEqual(["mine", "CancelledError Interrupted by SIGINT", "1"]);
  });
});

test("handleSigint: false leaves the signal to Node, which ends the process", async () => {
  const { signal, stdout } = await exitOf(program(sleeper, { options: "handleSigint: false" }));
  expect([signal, stdout]).toEqual(["SIGINT", []]);
});
