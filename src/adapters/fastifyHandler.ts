import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { Awaitable } from "../tasks/awaitable.ts";
import { disconnectOf } from "./disconnect.ts";
import { abortable, CLIENT_GONE } from "./handler.ts";

/**
 * Turns a coroutine function into a handler or a hook of Fastify. Exported as `toHandler` by
 * `mysyncio/fastify`.
 *
 * Each request starts a task, which is cancelled when the client disconnects before the response is
 * complete. Nothing is sent then, and no error is reported. Otherwise, the coroutine's result is
 * sent like that of an async handler, and its error goes to Fastify's error handler. If a task
 * group fails with a single error, the error handler receives that error. If something other than a
 * disconnect cancels the task, the error handler receives a RequestCancelledError, for which
 * Fastify responds with status 503.
 *
 * Calls follow the rules of `toAsync`: they share the thread's default loop. In `handler`, `this`
 * is the Fastify instance.
 *
 * @throws TypeError if `handler` is not a function.
 * @example
 * app.get<{ Params: { id: string } }>("/users/:id", toHandler(function* (request) {
 *   return yield* timeout(1_000, () => findUser(request.params.id));
 * }));
 */
export function fastifyHandler<
  T,
  Instance = FastifyInstance,
  Request = FastifyRequest,
  Reply extends Pick<FastifyReply, "raw" | "hijack"> = FastifyReply,
>(
  handler: (this: Instance, request: Request, reply: Reply) => Awaitable<T>,
): (this: Instance, request: Request, reply: Reply) => Promise<T> {
  const call = abortable(handler);
  return async function (request, reply) {
    const result = await call(this, [request, reply], disconnectOf(reply.raw));
    if (result !== CLIENT_GONE) return result;
    reply.hijack(); // otherwise Fastify reports that nothing was sent
    return reply as unknown as T; // Fastify ignores it after `hijack`
  };
}
