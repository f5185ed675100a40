// Tests how a program ends when a signal interrupts it, and what its shell is told. Each program
// runs in its own process, on the built package.

import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";
import { exitOf } from "./support/program.ts";

/**
 * Two delays, because on a busy machine the first may end as soon as it is set, before the program
 * sleeps.
 */
const INTERRUPT = "setTimeout(() => setTimeout(interrupt, 50), 50);";

/** Sends itself `signal` while it sleeps, and reports its cleanup. */
function program(rest: string, signal = "SIGINT") {
  return `
    import { gather, run, Runner, sleep, taskGroup, toPromise } from "mysyncio";
    const interrupt = (signal = "${signal}") => process.kill(process.pid, signal);
    const sleeper = (name = "it", delay = 1) => function* () {
      try { yield* sleep(5_000); } finally { yield* sleep(delay); console.log(name + " cleaned up"); }
    };
    ${INTERRUPT}
    ${rest}`;
}

const quiet = { signal: null, stderr: [] };

describe.concurrent("an uncaught interrupt ends the process silently, with the exit code that a shell expects:", () => {
  test.each([
    ["SIGINT", 130],
    ["SIGTERM", 143],
    ["SIGHUP", 129],
  ])("%s with %i", async (signal, code) => {
    const options = `{ signals: ["SIGINT", "SIGTERM", "SIGHUP"] }`;
    const exit = await exitOf(program(`await run(sleeper(), ${options});`, signal));

    expect(exit).toEqual({ ...quiet, code, stdout: ["it cleaned up"] });
  });

  test.each([
    ["a floating promise of run()", "run(sleeper());"],
    ["an async function", "(async () => { await run(sleeper()); })();"],
    ["a Runner", "const runner = new Runner(); await runner.run(sleeper());"],
    ["a Runner in a block", "await using runner = new Runner(); await runner.run(sleeper());"],
    [
      "a finally",
      "try { await run(sleeper()); } finally { await new Promise((r) => setTimeout(r, 9)); }",
    ],
    ["a group", "await run(() => taskGroup(function* (group) { group.createTask(sleeper()); }));"],
    ["a gather", "await run(function* () { yield* gather([sleeper()()]); });"],
    [
      "an interval that keeps the process alive",
      "setInterval(() => {}, 1_000); await run(sleeper());",
    ],
  ])("through %s", async (_, rest) => {
    // Node 20 knows no \`await using\`.
    const lowered = rest.replace(
      /^await using (\w+) = (.*?); (.*)$/,
      "const $1 = $2; try { $3 } finally { await $1[Symbol.asyncDispose ?? Symbol.for('Symbol.asyncDispose')]?.() }",
    );
    const exit = await exitOf(program(lowered));

    expect(exit).toEqual({ ...quiet, code: 130, stdout: ["it cleaned up"] });
  });

  test.each(["strict", "throw"])("under --unhandled-rejections=%s", async (mode) => {
    const flags = [`--unhandled-rejections=${mode}`];
    const exit = await exitOf(program("await run(sleeper());"), flags);
    expect(exit).toEqual({ ...quiet, code: 130, stdout: ["it cleaned up"] });
  });

  test("after all runs on the thread have cleaned up", async () => {
    const all = `await Promise.all([run(sleeper("a", 1)), run(sleeper("b", 400)), run(sleeper("c", 200))]);`;
    const floating = `run(sleeper("a", 1)); run(sleeper("b", 400)); run(sleeper("c", 200));`;
    for (const rest of [all, floating]) {
      const stdout = ["a cleaned up", "c cleaned up", "b cleaned up"];
      expect(await exitOf(program(rest))).toEqual({ ...quiet, code: 130, stdout });
    }
  });

  test("after all of its output is written", async () => {
    const main = `function* () {
      try { yield* sleep(5_000); } finally { console.log("x".repeat(1_000_000)); }
    }`;
    const { code, stdout } = await exitOf(program(`await run(${main});`));
    expect([code, stdout[0]?.length]).toEqual([130, 1_000_000]);
  });

  test("and the shell's $? is that code", async () => {
    const code = `
      import("${new URL("../dist/index.js", import.meta.url)}").then(({ run, sleep }) => {
        setTimeout(() => process.kill(process.pid, "SIGINT"), 50);
        return run(() => sleep(5_000));
      });`;
    const command = `"$NODE" -e "$CODE"; echo $?`;
    const env = { ...process.env, NODE: process.execPath, CODE: code };
    const { stdout, stderr } = await promisify(execFile)("sh", ["-c", command], { env });
    expect([stdout, stderr]).toEqual(["130\n", ""]);
  });
});

describe.concurrent("an interrupt is left to the program", () => {
  test("if it catches the error of run()", async () => {
    const exit = await exitOf(
      program(`
        await run(sleeper()).catch((error) => console.log(String(error)));
        console.log("goes on");`),
    );
    const stdout = ["it cleaned up", "CancelledError: Interrupted by SIGINT", "goes on"];
    expect(exit).toEqual({ ...quiet, code: 0, stdout });
  });

  test.each([
    ["on", "unhandledRejection"],
    ["on", "uncaughtException"],
    ["setUncaughtExceptionCaptureCallback", ""],
  ])("if it handles uncaught errors: process.%s %s", async (name, event) => {
    const listen = `process.${name}(${event && `"${event}",`} (error) => console.log(String(error)));`;
    const exit = await exitOf(program(`${listen} run(sleeper());`));
    const stdout = ["it cleaned up", "CancelledError: Interrupted by SIGINT"];
    expect(exit).toEqual({ ...quiet, code: 0, stdout });
  });

  test("if it throws another error, which is printed with its stack", async () => {
    const instead = `await run(function* () {
      try { yield* sleep(5_000); } catch { throw new Error("instead"); }
    });`;
    const later = `await run(sleeper()).catch(() => {}); throw new Error("later");`;
    const cancelled = `await run(sleeper()).catch(() => {});
      await run(function* () { throw Object.assign(new Error("later"), { name: "CancelledError" }); });`;
    for (const rest of [instead, later, cancelled]) {
      const { code, stderr } = await exitOf(program(rest));
      expect([code, stderr.join("\n")]).toEqual([1, expect.stringMatching(/instead|later/)]);
    }
  });
});

describe.concurrent("`signals`", () => {
  test("selects the signals that cancel main, and does not affect other signals", async () => {
    const rest = `await run(sleeper(), { signals: ["SIGTERM"] });`;
    expect(await exitOf(program(rest, "SIGINT"))).toMatchObject({ signal: "SIGINT", stdout: [] });
    expect(await exitOf(program(rest, "SIGTERM"))).toMatchObject({ code: 143 });
    expect(await exitOf(program("await run(sleeper());", "SIGTERM"))).toMatchObject({
      signal: "SIGTERM",
    });
    expect(await exitOf(program("await run(sleeper(), { signals: [] });"))).toMatchObject({
      signal: "SIGINT",
    });
  });

  test("ends the process at a second signal, even if that is a different one", async () => {
    const rest = `
      await run(function* () {
        try { yield* sleep(5_000); } finally { interrupt("SIGTERM"); yield* sleep(5_000); }
      }, { signals: ["SIGINT", "SIGTERM"] });`;
    expect(await exitOf(program(rest))).toEqual({
      code: null,
      signal: "SIGTERM",
      stdout: [],
      stderr: [],
    });
  });

  test("cancels main even if the program has its own SIGINT listener", async () => {
    const rest = `
      process.on("SIGINT", () => console.log("mine"));
      await run(sleeper(), { signals: ["SIGINT"] });`;
    const stdout = ["mine", "it cleaned up"];
    expect(await exitOf(program(rest))).toEqual({ ...quiet, code: 130, stdout });
  });

  test("removes its signal listeners at the end of a run", async () => {
    const rest = `
      await run(() => sleep(1), { signals: ["SIGINT", "SIGTERM"] });
      console.log(process.eventNames().filter((name) => /SIG|uncaught/.test(name)));
      process.exit();`;
    const uninterrupted = program(rest).replace(INTERRUPT, "");
    expect(await exitOf(uninterrupted)).toMatchObject({ code: 0, stdout: ["[]"] });
  });

  test("rejects an unknown signal, one that cannot be caught, and all signals in a worker", async () => {
    const rest = `
      import { Worker } from "node:worker_threads";
      const code = \`import("\${import.meta.resolve("mysyncio")}").then(async ({ run, sleep }) => {
        const told = (error) => console.log(error.name, error.message);
        await run(() => sleep(1), { signals: ["SIGTERM"] }).catch(told);
        for (const options of [{}, { signals: [] }, undefined]) await run(() => sleep(1), options);
      })\`;
      for (const signals of [["SIGNOTHING"], "SIGINT", [2], null, ["SIGKILL"], ["SIGINT", "SIGSTOP"]]) {
        await run(() => sleep(1), { signals }).catch(({ name, message }) => console.log(name, message));
      }
      new Worker(code, { eval: true }).on("exit", process.exit);
      await new Promise(() => {});`.replace(INTERRUPT, "");
    const { code, stdout } = await exitOf(program(rest).replace(INTERRUPT, ""));
    expect([code, stdout]).toEqual([
      0,
      [
        'TypeError Expected `signal` to be the name of a signal, such as "SIGTERM", got `"SIGNOTHING"` (string)',
        'TypeError Expected `signals` to be an array, got `"SIGINT"` (string)',
        'TypeError Expected `signal` to be the name of a signal, such as "SIGTERM", got `2` (number)',
        "TypeError Expected `signals` to be an array, got `null`",
        "RuntimeError SIGKILL cannot be caught",
        "RuntimeError SIGSTOP cannot be caught",
        "RuntimeError SIGTERM cannot be caught in a worker",
      ],
    ]);
  });
});
