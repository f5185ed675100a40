// The context of a runner whose first program sets nothing: in a file of its own, for no context may be in use before.

import { expect, test } from "vitest";
import { ContextVar } from "../src/loop/context.ts";
import { Runner } from "../src/runner.ts";
import type { Coroutine } from "../src/tasks/coroutine.ts";
import { VirtualClock } from "../src/testing.ts";

test("a runner used before any variable was set does not see what is set outside later", async () => {
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
