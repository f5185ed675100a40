// Tests the chat in real browsers, including the page's reconnection after a restart of the server.

import { once } from "node:events";
import { type Browser, chromium, type Page } from "playwright";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { WebSocket } from "ws";
import { findBrowser } from "../../.ci/browser.mjs";
import { CLOSED, start } from "./program.ts";

let browser: Browser;

beforeAll(async () => {
  const executablePath = findBrowser();
  if (executablePath === undefined) throw new Error("Found no browser: see CONTRIBUTING.md");
  browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
});

afterAll(() => browser?.close());

/** Opens the page in its own window under a name. Any error in the page fails the test. */
async function join(port: number, name: string): Promise<Page> {
  const page = await browser.newPage();
  page.setDefaultTimeout(15_000);
  const errors: unknown[] = [];
  page.on("pageerror", (error) => errors.push(error));
  onTestFinished(async () => {
    await page.close();
    expect(errors).toEqual([]);
  });
  await page.goto(`http://127.0.0.1:${port}/?name=${encodeURIComponent(name)}`);
  await stateIs(page, `Connected as ${name}`);
  return page;
}

function stateIs(page: Page, state: string): Promise<unknown> {
  return page.getByRole("status").getByText(state, { exact: true }).waitFor();
}

async function say(page: Page, text: string): Promise<void> {
  await page.getByLabel("Message").fill(text);
  await page.getByRole("button").click();
}

/** Waits until the page shows `last`. Returns all of its lines. */
async function linesUpTo(page: Page, last: string): Promise<string[]> {
  await page.getByRole("list").getByText(last, { exact: true }).waitFor();
  return await page.getByRole("listitem").allInnerTexts();
}

test("the chat shows every message to all members, in the same order", async () => {
  const program = start("chat", "0");
  const port = await program.port();
  const ada = await join(port, "Ada");
  const bob = await join(port, "Bob");

  await say(ada, "hello <b>Bob</b>");
  await linesUpTo(bob, "Ada: hello <b>Bob</b>");
  await say(bob, "hello Ada 🙂");

  const said = ["Bob has joined", "Ada: hello <b>Bob</b>", "Bob: hello Ada 🙂"];
  const last = "Bob: hello Ada 🙂";
  expect(await linesUpTo(ada, last)).toEqual(["Ada has joined", ...said]);
  expect(await linesUpTo(bob, last)).toEqual(said);
  await bob.close();
  expect((await linesUpTo(ada, "Bob has left")).length).toBe(5);
  program.interrupt();
  expect(await program.end()).toEqual(CLOSED);
});

test("the chat page reconnects to its server, and sends messages typed in the meantime", async () => {
  const first = start("chat", "0");
  const port = await first.port();
  const ada = await join(port, "Ada");

  first.interrupt();
  await stateIs(ada, "Not connected");
  await say(ada, "is anybody there?");
  expect(await first.end()).toEqual(CLOSED);
  const second = start("chat", `${port}`);
  await second.port();

  expect(await linesUpTo(ada, "Ada: is anybody there?")).toEqual([
    "Ada has joined",
    "Ada has joined",
    "Ada: is anybody there?",
  ]);
  await stateIs(ada, "Connected as Ada");
});

/** A member without a page, who may misbehave. */
async function joinBarely(port: number, name: string) {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/chat?name=${name}`);
  const lines: string[] = [];
  let onLine = () => {};
  socket.on("message", (data) => {
    const { from, text } = JSON.parse(String(data));
    lines.push(from === undefined ? text : `${from}: ${text}`);
    onLine();
  });
  const closed = once(socket, "close");
  onTestFinished(() => socket.terminate());
  await once(socket, "open");
  return {
    socket,
    lines,
    closed,
    async until(line: string): Promise<string[]> {
      while (!lines.includes(line)) {
        await new Promise<void>((resolve) => {
          onLine = resolve;
        });
      }
      return lines;
    },
  };
}

test("the chat survives members that reset their connection, send too much or never read", async () => {
  const program = start("chat", "0");
  const port = await program.port();
  const ada = await joinBarely(port, "Ada");
  const rude = await joinBarely(port, "Rude");
  const loud = await joinBarely(port, "Loud");
  const deaf = await joinBarely(port, "Deaf");
  await ada.until("Deaf has joined");

  rude.socket.terminate();
  loud.socket.send("x".repeat(5_000));
  deaf.socket.pause();
  const [code] = await loud.closed;
  // Sends more than the systems and the server buffer for a member that does not read.
  const text = "x".repeat(4_000);
  for (let i = 0; i < 200 && !ada.lines.includes("Deaf has left"); i++) {
    for (let j = 0; j < 50; j++) ada.socket.send(text);
    ada.socket.send(`${i}`);
    await ada.until(`Ada: ${i}`);
  }
  await ada.until("Deaf has left");
  ada.socket.send("still here");

  expect(code).toBe(1009); // too big, see RFC 6455, section 7.4
  expect((await ada.until("Ada: still here")).filter((line) => line.endsWith("has left"))).toEqual(
    expect.arrayContaining(["Rude has left", "Loud has left", "Deaf has left"]),
  );
  program.interrupt();
  expect(await program.end()).toEqual(CLOSED);
  expect((await ada.closed)[0]).toBe(1001);
});

test("the chat serves the page, its program and the package, and nothing else", async () => {
  const port = await start("chat", "0").port();

  const answers = ["/", "/client.js", "/mysyncio/browser.js", "/mysyncio/..%2Fpackage.json", "/x"];
  const statuses = await Promise.all(
    answers.map(async (path) => {
      const { status, headers } = await fetch(`http://127.0.0.1:${port}${path}`);
      return `${status} ${headers.get("content-type")}`;
    }),
  );

  expect(statuses).toEqual([
    "200 text/html; charset=utf-8",
    "200 text/javascript; charset=utf-8",
    "200 text/javascript; charset=utf-8",
    "404 null",
    "404 null",
  ]);
});
