import {
  createDatagramEndpoint,
  createSubprocessExec,
  getaddrinfo,
  openConnection,
  PIPE,
  run,
  startServer,
} from "mysyncio/node";

export const answer: Promise<string> = run(function* () {
  const server = yield* startServer(
    function* (reader, writer) {
      writer.write(yield* reader.readline());
    },
    { port: undefined, noDelay: undefined },
  );
  const [address] = yield* getaddrinfo("localhost", undefined, { family: undefined });
  const [reader, writer] = yield* openConnection({
    host: address?.address,
    port: 80,
    noDelay: undefined,
    keepAlive: true,
    keepAliveInitialDelay: 1_000,
    family: 4,
    hints: 0,
    localAddress: "127.0.0.1",
    localPort: undefined,
    autoSelectFamily: true,
    autoSelectFamilyAttemptTimeout: 250,
    lookup: undefined,
    tls: { servername: "example.org" },
  });
  const child = yield* createSubprocessExec("true", undefined, { stdout: PIPE, cwd: undefined });
  const endpoint = yield* createDatagramEndpoint({ remoteAddress: undefined });
  endpoint.close();
  writer.close();
  server.close();
  yield* child.wait();
  return String(yield* reader.read());
});
