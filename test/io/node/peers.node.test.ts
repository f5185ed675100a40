// Streams as others see them, with curl, openssl and Python's asyncio on the other end.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterAll, beforeAll, expect, onTestFinished } from "vitest";
import {
  type Coroutine,
  fromPromise,
  openConnection,
  type ServerOptions,
  type StreamReader,
  type StreamWriter,
  startServer,
} from "../../../src/node.ts";
import { cert, key } from "../../support/certificate.ts";
import { type PeerEnd, runPeer, testWith } from "../../support/peers.ts";
import { text } from "../utf8.ts";
import { portOf, runSoon } from "./network.ts";

const PLAIN: ServerOptions = { host: "127.0.0.1" };
const TLS: ServerOptions = { host: "127.0.0.1", tls: { key, cert } };

let folder: string;
let certFile: string;
let keyFile: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "mysyncio-"));
  certFile = join(folder, "cert.pem");
  keyFile = join(folder, "key.pem");
  writeFileSync(certFile, cert);
  writeFileSync(keyFile, key);
});

afterAll(() => rmSync(folder, { recursive: true }));

type Handler = (reader: StreamReader, writer: StreamWriter) => Coroutine<void>;

/** Returns one line in capitals, and the end. */
function* shout(reader: StreamReader, writer: StreamWriter): Coroutine<void> {
  writer.write(text(yield* reader.readline()).toUpperCase());
}

/** Starts a server for a peer that connects to its port. */
async function served(
  handler: Handler,
  options: ServerOptions,
  come: (port: number) => Promise<PeerEnd>,
): Promise<PeerEnd & { reports: string[] }> {
  const { result, reports } = await runSoon(function* () {
    const server = yield* startServer(handler, options);
    const end = yield* fromPromise(come(portOf(server)));
    server.close();
    yield* server.waitClosed();
    return end;
  });
  return { ...result, reports: reports.map(({ message }) => message) };
}

function* answerHttp(reader: StreamReader, writer: StreamWriter): Coroutine<void> {
  yield* reader.readuntil("\r\n\r\n");
  writer.write("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello");
}

testWith("curl", "curl can talk to our server", async () => {
  const { stdout } = await served(answerHttp, PLAIN, (port) =>
    runPeer("curl", ["-sS", "--noproxy", "*", `http://127.0.0.1:${port}/`]),
  );
  expect(stdout).toBe("hello");
});

testWith("curl", "curl can talk to our server over TLS", async () => {
  const { stdout, stderr } = await served(answerHttp, TLS, (port) =>
    runPeer("curl", ["-sS", "--noproxy", "*", "--cacert", certFile, `https://127.0.0.1:${port}/`]),
  );
  expect({ stdout, stderr }).toEqual({ stdout: "hello", stderr: "" });
});

/** `openssl s_client`, which trusts only our certificate, and sends a line. */
function sClient(port: number, ...args: string[]): Promise<PeerEnd> {
  const trust = ["-CAfile", certFile, "-verify_return_error", "-servername", "localhost"];
  const connect = ["-connect", `127.0.0.1:${port}`, "-quiet"];
  return runPeer("openssl", ["s_client", ...connect, ...trust, ...args], "hello\n");
}

for (const version of ["-tls1_2", "-tls1_3"]) {
  testWith(
    "openssl",
    `openssl s_client ${version} can talk to our server, and gets a close_notify`,
    async () => {
      const { stdout, stderr, code, reports } = await served(shout, TLS, (port) =>
        sClient(port, version),
      );
      expect({ stdout, code, reports }).toEqual({ stdout: "HELLO\n", code: 0, reports: [] });
      // openssl prints this if the connection ends without the proper alert.
      expect(stderr).not.toContain("unexpected eof");
    },
  );
}

testWith("openssl", "openssl s_client notices that abort() truncates the data", async () => {
  const { stdout, stderr, code } = await served(
    function* (reader, writer) {
      yield* reader.readline();
      writer.abort();
    },
    TLS,
    (port) => sClient(port),
  );
  expect({ stdout, code }).toEqual({ stdout: "", code: 1 });
  expect(stderr).toMatch(/unexpected eof|errno=104|reset/);
});

testWith("openssl", "an openssl s_client that does not trust us is reported", async () => {
  const { code, reports } = await served(shout, TLS, (port) =>
    runPeer(
      "openssl",
      ["s_client", "-connect", `127.0.0.1:${port}`, "-quiet", "-verify_return_error"],
      "hello\n",
    ),
  );
  expect(code).toBe(1);
  expect(reports).toEqual(["The TLS handshake with a client failed"]);
});

/** `openssl s_server`, which reverses each line. Returns its port. */
async function startTurning(...args: string[]): Promise<number> {
  const files = ["-cert", certFile, "-key", keyFile];
  const child = spawn("openssl", ["s_server", "-accept", "127.0.0.1:0", "-rev", ...files, ...args]);
  onTestFinished(async () => {
    child.kill("SIGKILL");
    if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
  });
  for await (const line of createInterface({ input: child.stdout })) {
    const [, port] = /^ACCEPT .*:(\d+)$/.exec(line) ?? [];
    if (port !== undefined) return Number(port);
  }
  throw new Error("Expected openssl s_server to accept connections");
}

for (const version of ["-tls1_2", "-tls1_3"]) {
  testWith("openssl", `openssl s_server ${version} can talk to our client`, async () => {
    const port = await startTurning(version);
    const { result, reports } = await runSoon(function* () {
      const tls = { ca: cert };
      const [reader, writer] = yield* openConnection({ host: "localhost", port, tls });
      writer.write("hello\n");
      const said = text(yield* reader.readline());
      // openssl treats this line as a request to end.
      writer.write("CLOSE\n");
      const rest = text(yield* reader.read());
      writer.close();
      yield* writer.waitClosed();
      const { version: spoken } = writer.getExtraInfo("cipher", {}) as { version?: string };
      return { said, rest, spoken };
    });
    expect(result).toMatchObject({ said: "olleh\n", rest: "" });
    expect(reports).toEqual([]);
  });
}

testWith("openssl", "an openssl s_server that we do not trust is rejected", async () => {
  const port = await startTurning();
  const { result } = await runSoon(function* () {
    try {
      yield* openConnection({ host: "localhost", port, tls: true });
    } catch (error) {
      return (error as NodeJS.ErrnoException).code;
    }
    return "none";
  });
  expect(result).toBe("DEPTH_ZERO_SELF_SIGNED_CERT");
});

const ASYNCIO = `
import asyncio, ssl, sys
async def main():
    context = ssl.create_default_context(cafile=sys.argv[2]) if len(sys.argv) > 2 else None
    reader, writer = await asyncio.open_connection("127.0.0.1", int(sys.argv[1]), ssl=context)
    for line in (b"one\\n", b"two\\n"):
        writer.write(line)
        await writer.drain()
        sys.stdout.write((await reader.readline()).decode())
    if context is None:
        writer.write_eof()
    else:
        writer.write(b"end\\n")
    sys.stdout.write(repr(await reader.read()))
    writer.close()
    await writer.wait_closed()
asyncio.run(main())`;

/** Returns lines until its peer ends or sends the line "end", and then sends "end". */
function* echoLines(reader: StreamReader, writer: StreamWriter): Coroutine<void> {
  for (;;) {
    const line = yield* reader.readline();
    if (line.length === 0 || text(line) === "end\n") break;
    writer.write(line);
  }
  writer.write("end");
}

testWith("python3", "asyncio itself can talk to our server", async () => {
  const { stdout, stderr } = await served(echoLines, PLAIN, (port) =>
    runPeer("python3", ["-c", ASYNCIO, `${port}`]),
  );
  expect({ stdout, stderr }).toEqual({ stdout: "one\ntwo\nb'end'", stderr: "" });
});

testWith("python3", "asyncio itself can talk to our server over TLS", async () => {
  const { stdout, stderr } = await served(echoLines, TLS, (port) =>
    runPeer("python3", ["-c", ASYNCIO, `${port}`, certFile]),
  );
  expect({ stdout, stderr }).toEqual({ stdout: "one\ntwo\nb'end'", stderr: "" });
});
