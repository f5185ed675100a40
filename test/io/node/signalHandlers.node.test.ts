import { expect, test } from "vitest";
import { getRunningLoop, newEventLoop, RuntimeError, run, sleep } from "../../../src/node.ts";
import { caught } from "../../support/caught.ts";
import { output } from "../../support/program.ts";

const SIGNAL = "SIGUSR2";

test("a signal calls its handler in a turn of the loop; a second one takes the place of the first", async () => {
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

test("throws for what is no signal, what cannot be caught, and what is no function", () => {
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

test("to remove the handler of what is no signal throws, also where nothing is watched", () => {
  const loop = newEventLoop();
  expect(caught(() => loop.removeSignalHandler("SIGNOTHING"))).toBeInstanceOf(TypeError);
  expect(caught(() => loop.removeSignalHandler(2 as never))).toBeInstanceOf(TypeError);
  expect(loop.removeSignalHandler("SIGKILL")).toBe(false);
  loop.close();
});

test("a signal handler in a worker, which gets no signals, is a RuntimeError", async () => {
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
