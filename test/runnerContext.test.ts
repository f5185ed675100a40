// The context of a runner whose first program sets nothing. In a file of its own, because no
// context may be in use before.

import { expect, test } from "vitest";
import { ContextVar, type Coroutine, Runner } from "../src/index.ts";
import { VirtualClock } from "../src/testing.ts";

test("a runner first used before any context variable was set does not see a value set outside later", async () => {
  const variable = new ContextVar<string>("variable", { default: "default" });
  const get = function* (): Coroutine<string> {
    yield;
    return variable.get();
  };
  const runner = new Runner({ clock: new VirtualClock() });
  const before = await runner.run(get);
  variable.set("set outside later");
  const after = await runner.run(get);
  await runner.close();
  expect([before, after]).toEqual(["default", "default"]);
});
