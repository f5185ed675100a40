// Sinon's fake timers, installed before and after the package is imported. Each program runs in a
// process of its own, because a test runner needs timers too.

import { expect, test } from "vitest";
import { exitOf } from "../../support/program.ts";

const SINON = JSON.stringify(
  new URL("../../../node_modules/@sinonjs/fake-timers/src/fake-timers-src.js", import.meta.url)
    .href,
);

const MAIN = `
  await io.run(function* () {
    yield* io.sleep(10);
    yield* io.fromPromise(Promise.resolve());
    for (let i = 0; i < 1000; i++) yield;
    yield* io.moveOnAfter(5, () => io.sleep(1e6));
  });
  console.log("ran");
  process.exit();`;

const INSTALL = (names: readonly string[]) =>
  `FakeTimers.install(${names.length > 0 ? JSON.stringify({ toFake: names }) : ""});`;

test.each([
  [[]],
  [["performance"]],
  [["nextTick"]],
  [["performance", "Date", "hrtime"]],
  [["setImmediate", "setTimeout", "nextTick", "queueMicrotask"]],
])("a loop runs under Sinon's fakes of %j, installed before or after the import", async (names) => {
  for (const installsFirst of [true, false]) {
    const steps = [`const io = await import("mysyncio");`, INSTALL(names)];
    const program = `import FakeTimers from ${SINON};
      ${(installsFirst ? steps.reverse() : steps).join("\n")}
      ${MAIN}`;
    expect(await exitOf(program)).toMatchObject({ code: 0, stdout: ["ran"] });
  }
});
