// A real HTTP server to fetch from, which responds slowly.

import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { type Coroutine, coroutine, fromPromise } from "mysyncio";

const BYTES_PER_MILLISECOND = 16;

export interface SlowServer {
  readonly url: string;
  close(): void;
}

/**
 * Starts a server on a free port on this machine. It responds to each request after `delay`
 * milliseconds.
 */
export const startSlowServer = coroutine(function* (delay: number): Coroutine<SlowServer> {
  const server = createServer((_, response) => {
    setTimeout(() => response.end("x".repeat(delay * BYTES_PER_MILLISECOND)), delay);
  });
  server.listen(0, "127.0.0.1");
  yield* fromPromise(once(server, "listening"));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/after/${delay}/ms`,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
});
