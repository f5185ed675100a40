import { expect, test } from "vitest";
import { getRunningLoop, newEventLoop, RuntimeError, run, sleep } from "../../../src/node.ts";
import { caught } from "../../support/caught.ts";

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
