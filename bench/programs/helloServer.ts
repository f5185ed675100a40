// Node's own hello world over HTTP. Prints its port.

import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

const server = createServer((_, response) => {
  response.setHeader("Content-Type", "text/plain; charset=utf-8");
  response.end("Hello, world!\n");
});
server.listen(0, "127.0.0.1", () => console.log((server.address() as AddressInfo).port));
