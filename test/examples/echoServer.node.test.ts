// Tests that the example returns every byte, and continues whatever its peers do.

import { setTimeout as delay } from "node:timers/promises";
import { expect, test } from "vitest";
import { CLOSED, start } from "./program.ts";
import { Client, exchange } from "./socket.ts";

test("the echo server returns what it receives", async () => {
  const program = start("echoServer", "0");
  const port = await program.port();

  const client = new Client(port).write("hello");
  expect(await client.until(/hello/)).toBe("hello");
  expect(await client.write(" again").end().rest()).toBe(" again");

  program.interrupt();
  expect(await program.end()).toEqual(CLOSED);
});

test("the echo server serves many clients at once", async () => {
  const program = start("echoServer", "0");
  const port = await program.port();
  const texts = Array.from({ length: 200 }, (_, index) => `client ${index} `.repeat(index));

  expect(await Promise.all(texts.map((text) => exchange(port, text)))).toEqual(texts);

  program.interrupt();
  expect(await program.end()).toEqual(CLOSED);
});

test("if a peer writes but does not read, the echo server makes it wait, and loses nothing", async () => {
  const program = start("echoServer", "0");
  const port = await program.port();
  const client = new Client(port);
  client.socket.pause();
  const chunk = "x".repeat(2 ** 20);
  let sent = 0;
  // Sends until neither the system nor the two processes can buffer any more.
  for (let isStuck = false; !isStuck && sent < 256; sent++) {
    isStuck = await new Promise<boolean>((resolve) => {
      const timer = setTimeout(resolve, 500, true);
      client.socket.write(chunk, "latin1", () => {
        clearTimeout(timer);
        resolve(false);
      });
    });
  }
  client.socket.resume();

  const echoed = await client.end().rest();

  expect(sent).toBeLessThan(256);
  expect(echoed.length).toBe(sent * chunk.length);
  program.interrupt();
  expect(await program.end()).toEqual(CLOSED);
});

test("the echo server continues when peers reset their connections", async () => {
  const program = start("echoServer", "0");
  const port = await program.port();

  for (let i = 0; i < 20; i++) {
    const client = new Client(port).write("x".repeat(10_000));
    await client.until(/x/);
    client.socket.resetAndDestroy();
  }

  expect(await exchange(port, "still here")).toBe("still here");
  program.interrupt();
  expect(await program.end()).toEqual(CLOSED);
});

test("the echo server closes the connection of a peer that is idle for too long", async () => {
  const program = start("echoServer", "0", "127.0.0.1", "2000");
  const port = await program.port();
  const silent = new Client(port);
  const busy = new Client(port);
  const isOver = silent.rest().then(() => true);

  for (let over: boolean | undefined; !over; ) {
    busy.write("x");
    await busy.until(/x/);
    over = await Promise.race([isOver, delay(50, false)]);
  }

  expect(await busy.write("still here").end().rest()).toBe("still here");
  program.interrupt();
  expect(await program.end()).toEqual(CLOSED);
});

test("the echo server ends immediately on Ctrl-C, even if clients are connected", async () => {
  const program = start("echoServer", "0");
  const port = await program.port();
  const clients = Array.from({ length: 10 }, () => new Client(port).write("x"));
  for (const client of clients) await client.until(/x/);

  program.interrupt();

  expect(await Promise.all(clients.map((client) => client.rest()))).toEqual(clients.map(() => ""));
  expect(await program.end()).toEqual(CLOSED);
});

test("the echo server reports why it cannot listen", async () => {
  const program = start("echoServer", "0");
  const port = await program.port();

  const { lines, errors, code } = await start("echoServer", `${port}`).end();

  expect({ lines, code }).toEqual({ lines: [], code: 1 });
  expect(errors).toContain("EADDRINUSE");
});
