import { expect, test } from "vitest";
import { CancelledError, type Coroutine, createTask, run, sleep } from "../../../src/index.ts";
import { getaddrinfo } from "../../../src/io/node/names.ts";

test("getaddrinfo returns every address of a name, with the port", async () => {
  const found = await run(getaddrinfo("localhost", 80));

  expect(found.length).toBeGreaterThan(0);
  for (const { family, address, port } of found) {
    expect([address, port]).toEqual([family === 4 ? "127.0.0.1" : "::1", 80]);
  }
});

test("getaddrinfo returns numeric addresses unchanged", async () => {
  expect(await run(getaddrinfo("127.0.0.1"))).toEqual([
    { family: 4, address: "127.0.0.1", port: 0 },
  ]);
  expect(await run(getaddrinfo("::1", 5, { order: "ipv4first" }))).toEqual([
    { family: 6, address: "::1", port: 5 },
  ]);
});

test("getaddrinfo requests only the chosen family", async () => {
  const found = await run(getaddrinfo("localhost", 0, { family: 4 }));

  expect(found).toEqual([{ family: 4, address: "127.0.0.1", port: 0 }]);
});

test("getaddrinfo throws Node's error for an unknown host", async () => {
  await expect(run(getaddrinfo("no-such-host.invalid", 80))).rejects.toMatchObject({
    code: expect.stringMatching(/^(ENOTFOUND|EAI_AGAIN)$/),
    syscall: "getaddrinfo",
    hostname: "no-such-host.invalid",
  });
});

test("cancelling getaddrinfo ends the wait, and a later result of the lookup is ignored", async () => {
  const outcome = await run(function* (): Coroutine<unknown> {
    const task = createTask(getaddrinfo("no-such-host.invalid", 80));
    yield;
    task.cancel();
    try {
      yield* task;
    } catch (error) {
      yield* sleep(20);
      return error;
    }
    return "not cancelled";
  });

  expect(outcome).toBeInstanceOf(CancelledError);
});

test("getaddrinfo rejects invalid arguments when called", () => {
  expect(() => getaddrinfo(1 as never)).toThrow(TypeError);
  expect(() => getaddrinfo("localhost", "http" as never)).toThrow("Expected `port` to be a number");
  expect(() => getaddrinfo("localhost", 65536)).toThrow(RangeError);
  expect(() => getaddrinfo("localhost", 1, { family: 5 as never })).toThrow("`family`");
  expect(() => getaddrinfo("localhost", 1, { order: "best" as never })).toThrow("`order`");
  expect(() => getaddrinfo("localhost", 1, { hints: 1 << 20 })).toThrow("`hints`");
  expect(() => getaddrinfo("localhost", 1, null as never)).toThrow("`options`");
});
