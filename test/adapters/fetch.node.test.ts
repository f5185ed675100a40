import type { Server } from "node:http";
import { serve } from "@hono/node-server";
import { toHandler } from "../../src/fetch.ts";
import { testAdapter } from "./suite.ts";

testAdapter("fetch", toHandler, async (body, onError) => {
  const handler = toHandler(function* (request) {
    return new Response(yield* body(new URL(request.url).pathname));
  });
  const fetch = (request: Request) =>
    handler(request).catch((error) => {
      onError(error);
      return new Response("failed", { status: 500 });
    });
  return serve({ fetch, port: 0, hostname: "127.0.0.1" }) as Server;
});
