import { expect, test } from "vitest";
import { getRunningLoop, newEventLoop, RuntimeError, run, sleep } from "../../../src/node.ts";
import { caught } from "../../support/caught.ts";
import { output } from "../../support/program.ts";

const SIGNAL = "SIGUSR2";

test("a signal calls its handler in a turn of the loop, and a second handler replaces the first", async () => {
  const trace: string[] = [];
  const listeners = process.listenerCount(SIGNAL);
  await run(function* () {
    const loop = getRunningLoop();
    const note = (letter: string) => trace.push(letter, String(getRunningLoop() === loop));
    loop.addSignalHandler(SIGNAL, note, "a");
    loop.addSignalHandler(SIGNAL, note, "b");
    process.kill(process.pid, SIGNAL);
    yield* sleep(50);
    loop.addSignalHandler(SIGNAL, note, "c");
    trace.push(String(loop.removeSignalHandler(SIGNAL)), String(loop.removeSignalHandler(SIGNAL)));
    loop.addSignalHandler(SIGNAL, note, "forgotten");
    expect(process.listenerCount(SIGNAL)).toBe(listeners + 1);
  });
  expect(trace).toEqual(["b", "true", "true", "false"]);
  expect(process.listenerCount(SIGNAL)).toBe(listeners);
});

test("addSignalHandler throws for an unknown signal, one that cannot be caught, and an invalid callback", () => {
  const loop = newEventLoop();
  const add = (signal: unknown, callback: unknown) =>
    caught(() => loop.addSignalHandler(signal as string, callback as () => void));
  expect(add("SIGNOTHING", () => {})).toBeInstanceOf(TypeError);
  expect(add(15, () => {})).toBeInstanceOf(TypeError);
  expect(add("SIGKILL", () => {})).toBeInstanceOf(RuntimeError);
  expect(add(SIGNAL, 1)).toBeInstanceOf(TypeError);
  expect(loop.removeSignalHandler(SIGNAL)).toBe(false);
  loop.close();
  expect(add(SIGNAL, () => {})).toBeInstanceOf(RuntimeError);
});

test("removeSignalHandler throws for an unknown signal, even if no handler was ever added", () => {
  const loop = newEventLoop();
  expect(caught(() => loop.removeSignalHandler("SIGNOTHING"))).toBeInstanceOf(TypeError);
  expect(caught(() => loop.removeSignalHandler(2 as never))).toBeInstanceOf(TypeError);
  expect(loop.removeSignalHandler("SIGKILL")).toBe(false);
  loop.close();
});

test("addSignalHandler throws a RuntimeError in a worker, which receives no signals", async () => {
  const program = `
    import { isMainThread, Worker } from "node:worker_threads";
    import { newEventLoop, RuntimeError } from "mysyncio/node";
    if (isMainThread) {
      new Worker(new URL(import.meta.url));
    } else {
      const loop = newEventLoop();
      try {
        loop.addSignalHandler("SIGTERM", () => console.log("called"));
      } catch (error) {
        console.log(error instanceof RuntimeError, error.message, loop.removeSignalHandler("SIGTERM"));
      }
      loop.close();
    }`;
  expect(await output("main.mjs", program)).toBe("true SIGTERM cannot be caught in a worker false");
});
