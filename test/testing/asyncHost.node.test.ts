// Tests runs of async code that uses parts of Node: timer modules, stores, sockets and files.

import { AsyncLocalStorage } from "node:async_hooks";
import { generateKeyPairSync, randomUUID, scrypt, scryptSync, webcrypto } from "node:crypto";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import timers from "node:timers";
import { scheduler, setInterval as ticks, setTimeout as wait } from "node:timers/promises";
import { promisify } from "node:util";
import { gzip, gzipSync } from "node:zlib";
import { expect, test, vi } from "vitest";
import { at } from "../../src/at.ts";
import { getRunningLoop, setEventLoop, sleep, toAsync } from "../../src/index.ts";
import { explore, io, ScheduleError, virtualTest } from "../../src/testing.ts";

const realTimeout = setTimeout;
const DAY = 86_400_000;
const ECDSA = { name: "ECDSA", namedCurve: "P-256" };

async function failureOf(main: () => Promise<unknown>): Promise<ScheduleError> {
  const error = await explore(main).catch((reason) => reason);
  expect(error).toBeInstanceOf(ScheduleError);
  return error;
}

test("`node:timers` and `node:timers/promises` follow the virtual time", async () => {
  const elapsed: number[] = [];
  await virtualTest(async () => {
    const start = Date.now();
    const note = () => elapsed.push(Date.now() - start);
    expect(await wait(DAY, "value")).toBe("value");
    note();
    await promisify(setTimeout)(DAY);
    note();
    await new Promise((resolve) => timers.setTimeout(resolve, DAY));
    note();
    await scheduler.wait(DAY);
    note();
    await scheduler.yield();
    let count = 0;
    for await (const value of ticks(DAY, "tick")) if (value === "tick" && ++count === 2) break;
    note();
    const controller = new AbortController();
    setTimeout(() => controller.abort("reason"), DAY);
    const waiting = wait(2 * DAY, undefined, { signal: controller.signal });
    await expect(waiting).rejects.toMatchObject({ name: "AbortError", cause: "reason" });
    note();
  })();

  expect(elapsed).toEqual([1, 2, 3, 4, 6, 7].map((days) => days * DAY));
});

test("timers are objects, which a program can refresh, cancel and turn into numbers", async () => {
  const fired: string[] = [];
  await virtualTest(async () => {
    const refreshed = setTimeout(() => fired.push(`refreshed at ${performance.now()}`), 10);
    const number = Number(setTimeout(() => fired.push("number"), 10));
    expect([refreshed.hasRef(), refreshed.unref().hasRef()]).toEqual([true, false]);
    await wait(5);
    refreshed.refresh();
    clearTimeout(number);
    await wait(20);
  })();

  expect(fired).toEqual(["refreshed at 1015"]);
});

test("a program's own AsyncLocalStorage keeps its stores", async () => {
  const storage = new AsyncLocalStorage<string>();
  const stores = new Set<string | undefined>();
  await explore(
    () =>
      storage.run("store", async () => {
        const note = () => stores.add(storage.getStore());
        await at(io(1), "main (store.ts:1:1)");
        note();
        setTimeout(note, 1);
        setImmediate(note);
        await at(wait(5), "main (store.ts:4:1)");
        note();
      }),
    { runs: 50 },
  );

  expect([...stores]).toEqual(["store"]);
});

test("a run that accesses a file counts as external, and the error says where the file is used", async () => {
  const { external } = await explore(() => readFile("package.json"), { runs: 3 });
  const { message } = await failureOf(async () => {
    await readFile("package.json");
    throw new RangeError("after it");
  });

  expect(external).toBeGreaterThan(0);
  expect(message).toContain("This run waits for something outside the loop");
  expect(message).toMatch(/a file, used in .*asyncHost\.node\.test/);
});

test.each([
  ["cryptography", () => promisify(scrypt)("password", "salt", 64)],
  ["cryptography", () => webcrypto.subtle.digest("SHA-256", new Uint8Array(1_000_000))],
  ["cryptography", () => webcrypto.subtle.generateKey(ECDSA, true, ["sign"])],
  ["compression", () => promisify(gzip)("text")],
] as const)("%s in another thread is awaited ahead of virtual timers: %#", async (what, start) => {
  const main = async () => {
    await at(Promise.race([start(), wait(60_000)]), "main (job.ts:1:1)");
    if (performance.now() > 1_000) throw new Error("the timer was faster");
  };
  const { external } = await explore(main, { runs: 2 });
  const { message } = await failureOf(() => main().then(() => Promise.reject(new Error("after"))));

  expect(external).toBe(2);
  expect(message).toMatch(new RegExp(`    ${what}, used in .*asyncHost\\.node\\.test`));
});

test("a run that blocks on cryptography or compression does not count as external", async () => {
  const { external } = await explore(
    async () => {
      for (let i = 0; i < 3; i++) {
        randomUUID();
        webcrypto.getRandomValues(new Uint8Array(4));
        scryptSync("password", "salt", 8, { N: 2 });
        generateKeyPairSync("ed25519");
        gzipSync("text");
        await at(wait(1_000), "main (job.ts:6:1)");
      }
    },
    { runs: 20 },
  );

  expect(external).toBe(0);
});

test("a real socket is awaited in real time, ahead of virtual timers", async () => {
  const server = createServer((_, response) => realTimeout(() => response.end("answer"), 50));
  await new Promise<void>((resolve) => server.listen(0, resolve));
  try {
    const { port } = server.address() as AddressInfo;
    let text = "";
    const { external } = await explore(
      async () => {
        const signal = AbortSignal.timeout(60_000);
        text = await (await fetch(`http://localhost:${port}`, { signal })).text();
      },
      { runs: 1 },
    );

    expect([text, external]).toEqual(["answer", 1]);
  } finally {
    server.closeAllConnections();
    server.close();
  }
});

test("a run's error mentions a timer whose function was looked up before the run", async () => {
  const { message } = await failureOf(async () => {
    await new Promise((resolve) => realTimeout(resolve, 1));
    throw new RangeError("after it");
  });

  expect(message).toContain("a timer that was looked up before the run");
});

test("a rejection outside the run still reaches the process", async () => {
  const onRejection = vi.fn();
  const others = process.listeners("unhandledRejection");
  process.removeAllListeners("unhandledRejection");
  process.on("unhandledRejection", onRejection);
  try {
    const exploring = explore(() => Promise.all([io(1), io(2)]), { runs: 50 });
    void Promise.reject(new RangeError("outside"));
    await exploring;
    await vi.waitFor(() => expect(onRejection).toHaveBeenCalledTimes(1), { timeout: 60_000 });
  } finally {
    process.removeAllListeners("unhandledRejection");
    for (const listener of others) process.on("unhandledRejection", listener);
  }
});

test("`toAsync` functions use the run's loop if it was passed to setEventLoop()", async () => {
  const slow = toAsync((value: string) => sleep(DAY, value));
  try {
    await virtualTest(async () => {
      setEventLoop(getRunningLoop());
      const start = Date.now();
      await wait(1);
      expect(await slow("value")).toBe("value");
      expect(Date.now() - start).toBe(DAY + 1);
    })();
  } finally {
    setEventLoop(undefined);
  }
});
