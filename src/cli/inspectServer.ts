// The server of `mysyncio inspect`: sends the page, and answers the page's requests about the
// target.
//
// It listens on this machine only. Every program on this machine, and every page in a browser, can
// send it requests, so:
//
//   S1  requests whose Host is not the server's own address are refused, against DNS rebinding
//   S2  requests from other pages are refused, by their Origin
//   S3  requests without the token learn nothing about the target; tokens are compared in constant
//       time
//   S4  the page loads nothing but its own scripts, and shows names as text
//   S5  no request changes what the target does, unless the user has allowed tasks to be cancelled

import { createHash, timingSafeEqual } from "node:crypto";
import { readFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import {
  INSPECTOR_FILES,
  INSPECTOR_POLICY,
  inspectorDocument,
} from "../inspector/element/inspectorDocument.ts";
import { TargetError } from "../inspector/node/target.ts";

/** What the server can do for the page. Results must survive JSON. */
export interface InspectApi {
  /**
   * Reads the loops. If `task` is undefined, reads the stacks of all tasks, otherwise only those of
   * `task` and of tasks with warnings.
   */
  snapshot(task: number | undefined): Promise<unknown>;
  warnings(): Promise<unknown>;
  trace(seconds: number): Promise<unknown>;
  /**
   * Cancels a task, given its id or name. Resolves to false if there is no such task, or several
   * have that name. If cancelling is not allowed, there is no such function.
   */
  readonly cancel: ((task: string) => Promise<boolean>) | undefined;
}

export interface InspectServer {
  readonly port: number;
  close(): Promise<void>;
}

/** Thrown to refuse a request, with the HTTP status of the response. */
class Refusal extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

const HOST = "127.0.0.1";
const LONGEST_TRACE = 60;
const HEADERS = {
  "Content-Security-Policy": INSPECTOR_POLICY,
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Resource-Policy": "same-origin",
  "Referrer-Policy": "no-referrer",
  "X-Content-Type-Options": "nosniff",
  "Cache-Control": "no-store",
};

/** Starts the server on the port `wanted`; 0 means any free port. */
export async function startInspectServer(
  api: InspectApi,
  token: string,
  wanted: number,
): Promise<InspectServer> {
  const server = createServer((request, response) => {
    answer(api, token, server, request, response).catch((error) => fail(response, error));
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(wanted, HOST, resolve);
  });
  return {
    port: portOf(server),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function answer(
  api: InspectApi,
  token: string,
  server: Server,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const own = `${HOST}:${portOf(server)}`;
  const { host, origin, authorization } = request.headers;
  if (host !== own) throw new Refusal(421, "This server has another name");
  if (origin !== undefined && origin !== `http://${own}`) {
    throw new Refusal(403, "Requests from other pages are refused");
  }
  const { pathname, searchParams } = new URL(request.url ?? "/", `http://${own}`);
  if (!pathname.startsWith("/api/")) {
    return sendFile(request, response, pathname, api.cancel !== undefined);
  }
  if (!isToken(authorization, token)) throw new Refusal(401, "The token is missing or wrong");
  const route = `${request.method} ${pathname}`;
  if (route === "GET /api/snapshot") {
    const task = searchParams.get("task");
    return sendJson(response, await api.snapshot(task === null ? undefined : Number(task)));
  }
  if (route === "GET /api/warnings") return sendJson(response, await api.warnings());
  if (route === "POST /api/trace") {
    const seconds = Number(searchParams.get("seconds") ?? "1");
    if (!(seconds > 0 && seconds <= LONGEST_TRACE)) {
      throw new Refusal(400, `Expected seconds to be a number > 0 and <= ${LONGEST_TRACE}`);
    }
    return sendJson(response, await api.trace(seconds));
  }
  if (route === "POST /api/cancel") {
    if (api.cancel === undefined) {
      throw new Refusal(
        403,
        "Cancelling is not allowed: start `mysyncio inspect` with --allow-cancel",
      );
    }
    const task = searchParams.get("task") ?? "";
    if (await api.cancel(task)) return sendJson(response, { isRequested: true });
    throw new Refusal(404, "There is no such task, or several have that name");
  }
  throw new Refusal(404, "There is nothing at this path");
}

async function sendFile(
  request: IncomingMessage,
  response: ServerResponse,
  path: string,
  mayCancel: boolean,
): Promise<void> {
  if (request.method !== "GET" && request.method !== "HEAD") {
    throw new Refusal(405, "This path can only be read");
  }
  if (path === "/")
    return send(response, 200, "text/html; charset=utf-8", inspectorDocument(mayCancel));
  const file = Object.hasOwn(INSPECTOR_FILES, path) ? INSPECTOR_FILES[path] : undefined;
  if (file === undefined) throw new Refusal(404, "There is nothing at this path");
  const text = await readFile(new URL(`./${file}`, import.meta.url), "utf8");
  send(response, 200, "text/javascript; charset=utf-8", text);
}

function isToken(authorization: string | undefined, token: string): boolean {
  // Hashes have the same length, whatever was sent.
  const hash = (text: string) => createHash("sha256").update(text).digest();
  return timingSafeEqual(hash(authorization ?? ""), hash(`Bearer ${token}`));
}

function sendJson(response: ServerResponse, value: unknown): void {
  send(response, 200, "application/json; charset=utf-8", JSON.stringify(value));
}

function send(response: ServerResponse, status: number, type: string, body: string): void {
  response.writeHead(status, { ...HEADERS, "Content-Type": type }).end(body);
}

function fail(response: ServerResponse, error: unknown): void {
  const status = error instanceof Refusal ? error.status : error instanceof TargetError ? 502 : 500;
  const text = error instanceof Error ? error.message : String(error);
  if (!response.headersSent) send(response, status, "text/plain; charset=utf-8", text);
  else response.destroy();
}

function portOf(server: Server): number {
  return (server.address() as AddressInfo | null)?.port ?? 0;
}
