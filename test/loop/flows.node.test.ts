// Async functions keep their values of context variables apart, even if they began to wait before
// anything was set. Each program has a process of its own, because only the first variable of a
// process shows a mistake.

import { expect, test } from "vitest";
import { output } from "../support/program.ts";

test("an async function does not see the first value that another async function sets", async () => {
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

test("calls of an in-memory fleet see neither the variables nor the store of the first caller", async () => {
  const seen = await output(
    "program.mjs",
    `
    import { AsyncLocalStorage } from "node:async_hooks";
    import { ContextVar, defineTask } from "mysyncio/node";
    import { FleetExecutor, memoryEngine } from "mysyncio/fleet";
    const user = new ContextVar("user");
    const storage = new AsyncLocalStorage();
    export const read = defineTask(import.meta.url, "read", function* () {
      yield;
      return [user.get("none"), storage.getStore() ?? "none"].join();
    });
    const fleet = new FleetExecutor({ engine: memoryEngine() });
    async function request(name) {
      await undefined;
      user.set(name);
      return storage.run(name, () => fleet.submit(read, []));
    }
    const seen = [await request("ann"), await request("bob"), await fleet.submit(read, [])];
    console.log(seen.join(" "));
    await fleet.shutdown();
    `,
  );
  expect(seen).toBe("none,none none,none none,none");
});
