import type { Server } from "node:http";
import { serve } from "@hono/node-server";
import { Hono } from "hono";
import { toHandler } from "../../src/hono.ts";
import { testAdapter } from "./suite.ts";

testAdapter("Hono", toHandler, async (body, onError) => {
  const app = new Hono();
  app.onError((error, context) => {
    onError(error);
    return "getResponse" in error ? error.getResponse() : context.text("failed", 500);
  });
  app.get(
    "/*",
    toHandler(function* (context) {
      return context.text(yield* body(context.req.path));
    }),
  );
  return serve({ fetch: app.fetch, port: 0, hostname: "127.0.0.1" }) as Server;
});
