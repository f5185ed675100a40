// Tests that the example follows HTTP/1.1 as clients expect, and rejects everything else. One file,
// because all cases use the same server.

import { once } from "node:events";
import { Agent, type ClientRequest, type IncomingMessage, request } from "node:http";
import { text } from "node:stream/consumers";
import { describe, expect, onTestFinished, test } from "vitest";
import { runPeer, testWith } from "../support/peers.ts";
import { CLOSED, type Program, start } from "./program.ts";
import { Client, exchange } from "./socket.ts";

const LONGEST_BODY = 2 ** 20;

const HELLO = "Hello, world!\n";

/** Node's own client, over connections that are kept alive. */
function clientOf(port: number) {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  onTestFinished(() => agent.destroy());
  return async (method: string, path: string, send = (call: ClientRequest) => void call.end()) => {
    const call = request({ port, host: "127.0.0.1", agent, method, path });
    send(call);
    const [response] = (await once(call, "response")) as [IncomingMessage];
    const body = await text(response);
    return { status: response.statusCode, headers: response.headers, body, call };
  };
}

async function startServer(...args: string[]): Promise<{ program: Program; port: number }> {
  const program = start("httpServer", "0", "127.0.0.1", ...args);
  return { program, port: await program.port() };
}

/** The status codes of the answers in `received`. */
function statusesIn(answers: string): number[] {
  return [...answers.matchAll(/HTTP\/1\.1 (\d+) [A-Z]/g)].map(([, status]) => Number(status));
}

describe("the HTTP server with Node's client", () => {
  test("sends many responses over one connection", async () => {
    const { program, port } = await startServer();
    const send = clientOf(port);

    const answers: Awaited<ReturnType<typeof send>>[] = [];
    for (const path of ["/", "/after/10", "/", "/nowhere", "/"]) {
      answers.push(await send("GET", path));
    }

    expect(answers.map(({ status, body }) => [status, body])).toEqual([
      [200, HELLO],
      [200, HELLO],
      [200, HELLO],
      [404, "Not found\n"],
      [200, HELLO],
    ]);
    expect(answers.map(({ call }) => call.reusedSocket)).toEqual([false, true, true, true, true]);
    expect(answers[0]?.headers).toEqual({
      "content-type": "text/plain; charset=utf-8",
      "content-length": "14",
      connection: "keep-alive",
      date: expect.stringMatching(/^\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT$/),
    });
    program.interrupt();
    expect(await program.end()).toEqual(CLOSED);
  });

  test("returns a body, whether or not its length is known in advance", async () => {
    const { port } = await startServer();
    const send = clientOf(port);
    const large = "ä".repeat(LONGEST_BODY / 2);

    const known = await send("POST", "/echo", (call) => void call.end(large));
    const chunked = await send("POST", "/echo", (call) => {
      for (let at = 0; at < large.length; at += 7_001) call.write(large.slice(at, at + 7_001));
      call.end();
    });

    expect([known.status, known.body === large]).toEqual([200, true]);
    expect([chunked.status, chunked.body === large]).toEqual([200, true]);
    expect(chunked.call.reusedSocket).toBe(true);
  });

  test("receives a body after it has sent 100 Continue", async () => {
    const { port } = await startServer();
    const trace: string[] = [];

    const { body } = await clientOf(port)("POST", "/echo", (call) => {
      call.setHeader("Expect", "100-continue");
      call.setHeader("Content-Length", 4);
      call.flushHeaders();
      call.on("continue", () => {
        trace.push("continue");
        call.end("body");
      });
    });

    expect([...trace, body]).toEqual(["continue", "body"]);
  });

  test("sends only the head for HEAD, and lists the allowed methods", async () => {
    const { port } = await startServer();
    const send = clientOf(port);

    const head = await send("HEAD", "/");
    const wrong = await send("DELETE", "/");
    const get = await send("GET", "/echo");

    expect([head.status, head.headers["content-length"], head.body]).toEqual([200, "14", ""]);
    expect([wrong.status, wrong.headers.allow]).toEqual([405, "GET, HEAD"]);
    expect([get.status, get.headers.allow]).toEqual([405, "POST"]);
  });

  test("responds with 500 when a handler fails, reports the error and continues", async () => {
    const { program, port } = await startServer();
    const send = clientOf(port);

    const failed = await send("GET", "/fail");
    const next = await send("GET", "/");

    expect([failed.status, failed.body]).toEqual([500, "Internal error\n"]);
    expect([next.status, next.call.reusedSocket]).toEqual([200, true]);
    program.interrupt();
    const { errors, ...ending } = await program.end();
    expect(ending).toEqual({ lines: ["Closed"], code: 0 });
    expect(errors).toContain("GET /fail failed");
    expect(errors).toContain("This handler fails on purpose");
  });
});

describe("the HTTP server with a bare client", () => {
  test("answers pipelined requests in order", async () => {
    const { port } = await startServer();
    const post = (body: string) =>
      `POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
    const get = (path: string) => `GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`;

    const answers = await exchange(
      port,
      `${post("first")}${get("/after/50")}${post("third")}${get("/")}`,
    );

    expect(statusesIn(answers)).toEqual([200, 200, 200, 200]);
    const bodies = /first.*Hello.*third.*Hello, world!\n$/s;
    expect(answers).toMatch(bodies);
  });

  test("accepts a request byte by byte, and empty lines before it", async () => {
    const { port } = await startServer();
    const client = new Client(port);

    const bytes = "\r\n\r\nPOST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc";
    for (const byte of bytes) {
      client.write(byte);
      await new Promise(setImmediate);
    }

    expect(await client.until(/abc/)).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
  });

  test.each([
    [
      "closes the connection if the request asks for it",
      "GET / HTTP/1.1\r\nHost: x\r\nConnection: Close\r\n\r\n",
    ],
    ["closes the connection after an HTTP/1.0 request", "GET / HTTP/1.0\r\n\r\n"],
  ])("%s", async (_, head) => {
    const { port } = await startServer();

    const answer = await new Client(port).write(head + head).rest();

    expect(statusesIn(answer)).toEqual([200]);
    expect(answer).toContain("Connection: close\r\n");
  });

  test("keeps an HTTP/1.0 connection alive on request", async () => {
    const { port } = await startServer();
    const head = "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n";

    expect(statusesIn(await exchange(port, head + head))).toEqual([200, 200]);
  });

  const WITH_HOST = "POST /echo HTTP/1.1\r\nHost: x\r\n";
  test.each([
    [400, "bytes that are no HTTP request", "\x16\x03\x01 hello\r\n\r\n"],
    [400, "a request line without a version", "GET /\r\n\r\n"],
    [400, "an extra space in the request line", "GET  / HTTP/1.1\r\nHost: x\r\n\r\n"],
    [400, "a control character in the target", "GET /\x01 HTTP/1.1\r\nHost: x\r\n\r\n"],
    [400, "a request without a host", "GET / HTTP/1.1\r\n\r\n"],
    [400, "two hosts", "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"],
    [400, "a header without a colon", `${WITH_HOST}nonsense\r\n\r\n`],
    [400, "a space before the colon of a header", `${WITH_HOST}Content-Length : 3\r\n\r\nabc`],
    [400, "a folded header", `${WITH_HOST}A: b\r\n c\r\n\r\n`],
    [400, "a line feed without a carriage return", `${WITH_HOST}A: b\nContent-Length: 3\r\n\r\n`],
    [400, "an invalid length", `${WITH_HOST}Content-Length: +3\r\n\r\nabc`],
    [
      400,
      "two different lengths",
      `${WITH_HOST}Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd`,
    ],
    [
      400,
      "both a length and chunks",
      `${WITH_HOST}Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    ],
    [400, "an invalid chunk size", `${WITH_HOST}Transfer-Encoding: chunked\r\n\r\nx\r\n`],
    [
      400,
      "a chunk longer than its size",
      `${WITH_HOST}Transfer-Encoding: chunked\r\n\r\n1\r\nab\r\n`,
    ],
    [413, "a body that is too large", `${WITH_HOST}Content-Length: ${LONGEST_BODY + 1}\r\n\r\n`],
    [
      413,
      "a chunk that is too large",
      `${WITH_HOST}Transfer-Encoding: chunked\r\n\r\n${(LONGEST_BODY + 1).toString(16)}\r\n`,
    ],
    [431, "a header that is too large", `${WITH_HOST}A: ${"x".repeat(20_000)}\r\n\r\n`],
    [431, "a head without an end", `${WITH_HOST}${"A: b\r\n".repeat(100_000)}`],
    [
      431,
      "a trailer that is too large",
      `${WITH_HOST}Transfer-Encoding: chunked\r\n\r\n0\r\n${"A: b\r\n".repeat(5_000)}\r\n`,
    ],
    [501, "an unknown transfer coding", `${WITH_HOST}Transfer-Encoding: gzip\r\n\r\n`],
    [505, "another version of HTTP", "GET / HTTP/2.0\r\nHost: x\r\n\r\n"],
  ])("responds with %d to %s, and sends nothing after that", async (status, _, bytes) => {
    const { port } = await startServer();

    const answers = await exchange(port, `${bytes}GET / HTTP/1.1\r\nHost: x\r\n\r\n`);

    expect(statusesIn(answers)).toEqual([status]);
    expect(answers).toContain("Connection: close\r\n");
    expect(await exchange(port, "GET / HTTP/1.0\r\n\r\n")).toContain(HELLO);
  });

  test.each([
    ["its head", "GET / HTTP/1.1\r\nHo"],
    ["its body", `${WITH_HOST}Content-Length: 3\r\n\r\nab`],
    ["a chunk", `${WITH_HOST}Transfer-Encoding: chunked\r\n\r\n3\r\nab`],
  ])("responds with 400 to a request that ends in %s", async (_, bytes) => {
    const { port } = await startServer();

    expect(statusesIn(await exchange(port, bytes))).toEqual([400]);
  });

  test("lets a rejected client read the reason, even if it sends everything before it reads", async () => {
    const { port } = await startServer();
    const length = 64 * LONGEST_BODY;
    const client = new Client(port);
    client.socket.pause();

    client.write(`${WITH_HOST}Content-Length: ${length}\r\n\r\n`);
    const error = await new Promise((resolve) => {
      client.socket.write(Buffer.alloc(length), resolve);
    });
    client.socket.resume();

    expect(error ?? undefined).toBe(undefined);
    expect(statusesIn(await client.rest())).toEqual([413]);
  });

  test("responds with 408 to a client whose request is incomplete after `patience` milliseconds", async () => {
    const { program, port } = await startServer("300");
    const dawdler = new Client(port);
    const timer = setInterval(() => dawdler.write("x"), 20);
    onTestFinished(() => clearInterval(timer));
    const silent = new Client(port);
    const idle = new Client(port).write("GET / HTTP/1.1\r\nHost: x\r\n\r\n");

    const answers = await Promise.all([dawdler.rest(), silent.rest(), idle.rest()]);

    expect(answers.map(statusesIn)).toEqual([[408], [408], [200, 408]]);
    program.interrupt();
    expect(await program.end()).toEqual(CLOSED);
  });

  test("closes a connection whose client never reads", async () => {
    const { program, port } = await startServer("300");
    const client = new Client(port);
    client.socket.pause();
    const body = "x".repeat(LONGEST_BODY);
    // Each request is answered, until there is no room for the answers.
    for (let i = 0; i < 64; i++) {
      client.write(
        `POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
      );
    }

    // The client notices when it writes.
    const timer = setInterval(() => client.write("x"), 50);
    onTestFinished(() => clearInterval(timer));
    await client.closed;

    expect(await exchange(port, "GET / HTTP/1.0\r\n\r\n")).toContain(HELLO);
    program.interrupt();
    expect(await program.end()).toEqual(CLOSED);
  });

  test("closes every connection on Ctrl-C, in any state", async () => {
    const { program, port } = await startServer();
    const idle = new Client(port).write("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    await idle.until(/world!\n/);
    const waiting = new Client(port).write("GET /after/9999 HTTP/1.1\r\nHost: x\r\n\r\n");
    const sending = new Client(port).write("POST /echo HTTP/1.1\r\nHost: x\r\nContent-");
    await exchange(port, "GET /after/50 HTTP/1.0\r\n\r\n"); // by now all of them are being served

    program.interrupt();

    expect(await Promise.all([idle.rest(), waiting.rest(), sending.rest()])).toEqual(["", "", ""]);
    expect(await program.end()).toEqual(CLOSED);
  });
});

/** Sends requests with curl, with `input` as the body. */
async function curl(input: string, ...args: string[]): Promise<string> {
  const { stdout } = await runPeer(
    "curl",
    ["--silent", "--show-error", "--noproxy", "*", "--max-time", "10", ...args],
    input,
  );
  return stdout;
}

testWith("curl", "curl gets several answers over one connection", async () => {
  const { port } = await startServer();
  const url = `http://127.0.0.1:${port}`;

  const output = await curl("", "--write-out", "%{num_connects};", `${url}/`, `${url}/after/10`);

  expect(output).toBe(`${HELLO}1;${HELLO}0;`);
});

testWith("curl", "curl gets back its body after 100 Continue", async () => {
  const { port } = await startServer();
  const large = "x".repeat(LONGEST_BODY);

  const output = await curl(
    large,
    ...["--header", "Expect: 100-continue", "--data-binary", "@-"],
    ...["--write-out", "%{http_code}", `http://127.0.0.1:${port}/echo`],
  );

  expect(output === `${large}200`).toBe(true);
});
