import type { Awaitable } from "../tasks/awaitable.ts";
import { abortable, CLIENT_GONE, RequestCancelledError } from "./handler.ts";
import { gone, signalOf } from "./webRequest.ts";

/**
 * Turns a coroutine function into a `fetch` handler, as Bun, Deno, Cloudflare Workers, Next.js and
 * service workers call it: with a `Request`, and whatever else the platform passes.
 *
 * Each request starts a task, which is cancelled when `request.signal` aborts because the client
 * has disconnected. The handler then returns an empty response, which no client receives. If
 * something else cancels the task, the handler returns a response with status 503. Any other error
 * rejects the promise. If a task group fails with a single error, the promise rejects with that
 * error.
 *
 * Calls follow the rules of `toAsync`: they share the thread's default loop, except on Cloudflare
 * Workers, where each call has its own loop.
 *
 * @throws TypeError if `handler` is not a function.
 * @example
 * export default {
 *   fetch: toHandler(function* (request: Request) {
 *     return Response.json(yield* timeout(1_000, () => search(new URL(request.url))));
 *   }),
 * };
 */
export function fetchHandler<This, Rest extends unknown[]>(
  handler: (this: This, request: Request, ...rest: Rest) => Awaitable<Response>,
): (this: This, request: Request, ...rest: Rest) => Promise<Response> {
  const call = abortable(handler);
  return async function (request, ...rest) {
    try {
      const response = await call(this, [request, ...rest], signalOf(request));
      return response === CLIENT_GONE ? gone() : response;
    } catch (error) {
      if (error instanceof RequestCancelledError) return error.getResponse();
      throw error;
    }
  };
}
