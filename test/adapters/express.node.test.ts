import { once } from "node:events";
import type { ErrorRequestHandler } from "express";
import express from "express";
import { expect, test } from "vitest";
import { toHandler } from "../../src/express.ts";
import { testAdapter } from "./suite.ts";

testAdapter("Express", toHandler, async (body, onError) => {
  const app = express();
  app.set("env", "test"); // it logs errors itself otherwise
  app.use(
    toHandler(function* (request, response) {
      response.send(yield* body(request.path));
    }),
  );
  const report: ErrorRequestHandler = (error, _request, _response, next) => {
    onError(error);
    next(error);
  };
  app.use(report);
  return app.listen(0, "127.0.0.1");
});

test.each([
  [undefined, "The handler threw undefined"],
  [0, "The handler threw 0"],
  ["", ""],
  ["route", "route"],
  ["router", "router"],
])(
  "a handler that throws %j passes an error to Express, and skips no handlers",
  async (thrown, message) => {
    const app = express();
    const errors: unknown[] = [];
    app.get(
      "/",
      toHandler(function* () {
        yield;
        throw thrown;
      }),
    );
    app.get("/", (_request, response) => void response.send("skipped"));
    const report: ErrorRequestHandler = (error, _request, response, _next) => {
      errors.push(error);
      response.status(500).end();
    };
    app.use(report);
    const server = app.listen(0, "127.0.0.1");
    try {
      await once(server, "listening");
      const { port } = server.address() as { port: number };
      const { status } = await fetch(`http://127.0.0.1:${port}/`);
      expect(status).toBe(500);
      expect(errors).toEqual([new Error(message, { cause: thrown })]);
    } finally {
      server.close();
    }
  },
);
