import fastify from "fastify";
import { toHandler } from "../../src/fastify.ts";
import { testAdapter } from "./suite.ts";

testAdapter("Fastify", toHandler, async (body, onError) => {
  const app = fastify();
  app.setErrorHandler((error, _request, reply) => {
    onError(error);
    return reply.send(error);
  });
  app.get(
    "/*",
    toHandler(function* (request) {
      return yield* body(request.url);
    }),
  );
  await app.listen({ port: 0, host: "127.0.0.1" });
  return app.server;
});
