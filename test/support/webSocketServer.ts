// A WebSocket server for tests, which may run in a browser. The path of an address selects what it
// does:
//
//   /echo                   sends every message back
//   /push?count=&size=      sends `count` messages of `size` bytes at once
//   /close?code=&reason=    sends "last" and closes cleanly
//   /drop                   sends "last" and breaks the connection
//   /slow?delay=            reads only after the delay, and answers "how much?" with the byte count
//   /refuse                 does not use WebSocket
//   /never?token=           does not answer
//
// A GET of /hanging?token= returns how many clients still wait for /never. (Browsers open one
// WebSocket at a time to a host.) A GET of /events returns three server-sent events, and one of
// /none returns nothing.

import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import type { TestProject } from "vitest/node";
import { type RawData, type WebSocket, WebSocketServer } from "ws";

declare module "vitest" {
  interface ProvidedContext {
    /** The address of the WebSocket server, to be followed by a path. */
    webSocketServer: string;
  }
}

type Behavior = (socket: WebSocket, query: URLSearchParams) => void;

export default function setup(project: TestProject): Promise<() => void> {
  const hanging = new Map<string, number>();
  const open = new Set<Duplex>();
  const behaviors: Record<string, Behavior> = {
    echo(socket) {
      socket.on("message", (data, binary) => socket.send(data, { binary }));
    },
    push(socket, query) {
      const message = new Uint8Array(numberIn(query, "size"));
      for (let left = numberIn(query, "count"); left > 0; left--) socket.send(message);
    },
    close(socket, query) {
      socket.send("last");
      socket.close(numberIn(query, "code"), query.get("reason") ?? "");
    },
    drop(socket) {
      socket.send("last", () => socket.terminate());
    },
    slow(socket, query) {
      let size = 0;
      socket.pause();
      setTimeout(() => socket.resume(), numberIn(query, "delay"));
      socket.on("message", (data: RawData, binary) => {
        if (binary) size += (data as Buffer).length;
        else socket.send(String(size));
      });
    },
  };

  const server = new WebSocketServer({
    noServer: true,
    handleProtocols: (protocols) => (protocols.has("second") ? "second" : false),
  });
  const http = createServer(({ url = "" }, response) => {
    const { pathname, searchParams } = new URL(url, "http://localhost");
    response.setHeader("access-control-allow-origin", "*");
    if (pathname === "/events") {
      response.setHeader("content-type", "text/event-stream");
      response.end("data: one\n\ndata: two\n\ndata: three\n\n");
    } else if (pathname === "/hanging") {
      response.end(String(hanging.get(searchParams.get("token") ?? "") ?? 0));
    } else {
      response.writeHead(204).end();
    }
  });
  http.on("upgrade", (request, stream: Duplex, head) => {
    open.add(stream);
    stream.on("error", () => undefined);
    stream.on("close", () => open.delete(stream));
    const { pathname, searchParams } = new URL(request.url ?? "", "http://localhost");
    const behavior = behaviors[pathname.slice(1)];
    if (behavior !== undefined) {
      server.handleUpgrade(request, stream, head, (socket) => {
        socket.on("error", () => undefined);
        behavior(socket, searchParams);
      });
    } else if (pathname === "/never") {
      const token = searchParams.get("token") ?? "";
      const count = (by: number) => hanging.set(token, (hanging.get(token) ?? 0) + by);
      count(1);
      stream.on("close", () => count(-1));
      stream.on("end", () => stream.destroy()).resume();
    } else {
      stream.end("HTTP/1.1 403 Forbidden\r\n\r\n");
    }
  });
  return new Promise((resolve) => {
    http.listen(0, "127.0.0.1", () => {
      const { port } = http.address() as AddressInfo;
      project.provide("webSocketServer", `ws://127.0.0.1:${port}`);
      resolve(() => {
        for (const stream of open) stream.destroy();
        http.close();
        http.closeAllConnections();
      });
    });
  });
}

function numberIn(query: URLSearchParams, name: string): number {
  return Number(query.get(name));
}
