// Tests the client and the server of the TLS example, with each other and with other programs.

import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect } from "node:tls";
import { afterAll, beforeAll, expect, test } from "vitest";
import { cert, key } from "../support/certificate.ts";
import { runPeer, testWith } from "../support/peers.ts";
import { CLOSED, type Program, start } from "./program.ts";
import { exchange } from "./socket.ts";

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

async function startServer(): Promise<{ program: Program; port: number }> {
  const program = start("tlsEcho", "server", keyFile, certFile, "0");
  return { program, port: await program.port() };
}

test("the TLS client prints everything the server sends", async () => {
  const { program, port } = await startServer();
  const client = start("tlsEcho", "client", certFile, `${port}`);
  client.type("hello\n");
  expect(await client.next()).toBe("hello");
  client.type("and good", false);
  client.type("bye\n", true);

  const { lines, errors, code } = await client.end();

  expect({ lines, code }).toEqual({ lines: ["and goodbye"], code: 0 });
  expect(errors).toMatch(/^Connected with TLSv1\.[23], \w+\n$/);
  program.interrupt();
  expect(await program.end()).toEqual(CLOSED);
});

test("the TLS example sends large amounts in both directions at once", async () => {
  const { program, port } = await startServer();
  const client = start("tlsEcho", "client", certFile, `${port}`);
  const lines = Array.from({ length: 20_000 }, (_, index) => `line ${index} ${"x".repeat(100)}`);
  client.type(`${lines.join("\n")}\n`, true);

  expect((await client.end()).lines).toEqual(lines);
  program.interrupt();
  expect(await program.end()).toEqual(CLOSED);
});

test("the TLS client rejects a server whose certificate it doesn't trust, and prints the reason", async () => {
  const { port } = await startServer();
  const other = join(folder, "other.pem");
  writeFileSync(other, ""); // nobody is trusted

  const { lines, errors, code } = await start("tlsEcho", "client", other, `${port}`).end();

  expect({ lines, code }).toEqual({ lines: [], code: 1 });
  expect(errors).toMatch(/^Failed: [A-Z_]+\n$/);
});

test("the TLS client prints why it cannot connect", async () => {
  const { program, port } = await startServer();
  program.interrupt();
  await program.end();

  const { errors, code } = await start("tlsEcho", "client", certFile, `${port}`).end();

  expect({ errors, code }).toEqual({ errors: "Failed: ECONNREFUSED\n", code: 1 });
});

test("the TLS client ends when the server does", async () => {
  const { program, port } = await startServer();
  const client = start("tlsEcho", "client", certFile, `${port}`);
  client.type("hello\n");
  expect(await client.next()).toBe("hello");
  program.interrupt();
  expect(await program.end()).toEqual(CLOSED);

  expect((await client.end()).code).toBe(0);
});

test("Ctrl-C ends a waiting TLS client", async () => {
  const { port } = await startServer();
  const client = start("tlsEcho", "client", certFile, `${port}`);
  client.type("hello\n");
  expect(await client.next()).toBe("hello");

  client.interrupt();

  expect(await client.end()).toMatchObject({ lines: ["Closed"], code: 0 });
});

test("the TLS server continues after a peer that does not use TLS, and after one that disconnects", async () => {
  const { program, port } = await startServer();
  expect(await exchange(port, "GET / HTTP/1.0\r\n\r\n")).not.toContain("GET");
  const leaving = connect({ port, host: "127.0.0.1", ca: cert, servername: "localhost" });
  leaving.on("error", () => {});
  await once(leaving, "secureConnect");
  leaving.destroy();

  const client = start("tlsEcho", "client", certFile, `${port}`);
  client.type("still here\n", true);

  expect((await client.end()).lines).toEqual(["still here"]);
  program.interrupt();
  const { lines, errors, code } = await program.end();
  expect({ lines, code }).toEqual({ lines: ["Closed"], code: 0 });
  expect(errors).toContain("The TLS handshake with a client failed");
});

testWith("openssl", "openssl s_client gets back everything it sends", async () => {
  const { program, port } = await startServer();
  const args = ["-connect", `127.0.0.1:${port}`, "-CAfile", certFile, "-verify_return_error"];

  const { stdout } = await runPeer(
    "openssl",
    ["s_client", ...args, "-quiet", "-no_ign_eof"],
    "Q\n",
  );
  // openssl ends as soon as its input does, which may be before the answer arrives.
  expect(["", "Q\n"]).toContain(stdout);

  program.interrupt();
  expect(await program.end()).toEqual(CLOSED);
});

test("the TLS example prints its usage", async () => {
  const { errors, code } = await start("tlsEcho", "neither").end();

  expect(code).toBe(2);
  expect(errors).toMatch(/^Usage: /);
});
