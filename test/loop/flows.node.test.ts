// Async functions keep their values of context variables apart, even if they began to wait before
// anything was set. Each program has a process of its own, because only the first variable of a
// process shows a mistake.

import { expect, test } from "vitest";
import { output } from "../support/program.ts";

test("an async function does not see the first value that another sets", async () => {
  const seen = await output(
    "program.mjs",
    `
    import { ContextVar } from "mysyncio";
    const user = new ContextVar("user");
    const seen = [];
    async function watch() {
      for (let i = 0; i < 5; i++) {
        await undefined;
        seen.push(user.get("none"));
      }
    }
    async function login() {
      await undefined;
      user.set("ann");
      await undefined;
      seen.push(user.get("none"));
    }
    await Promise.all([watch(), login()]);
    seen.push(user.get("none"));
    console.log(seen.sort().join(" "));
    `,
  );
  expect(seen).toBe("ann none none none none none none");
});
