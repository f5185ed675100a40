import type { Context as HonoContext, Next as HonoNext } from "hono";
import type { Awaitable } from "../tasks/awaitable.ts";
import { abortable, CLIENT_GONE } from "./handler.ts";
import { gone, signalOf } from "./webRequest.ts";

/**
 * Turns a coroutine function into a handler or middleware of Hono. Exported as `toHandler` by
 * `mysyncio/hono`.
 *
 * Each request starts a task. When the client disconnects, the task is cancelled, provided that the
 * platform aborts `request.signal`. The handler then returns an empty response, which no client
 * receives. Errors that the handler throws go to `app.onError`. If a task group fails with a single
 * error, `app.onError` receives that error. If something else cancels the task, `app.onError`
 * receives a RequestCancelledError, for which Hono responds with status 503.
 *
 * Calls follow the rules of `toAsync`, as described at the `toHandler` of `mysyncio/fetch`.
 *
 * @throws TypeError if `handler` is not a function.
 * @example
 * app.get("/users/:id", toHandler(function* (context) {
 *   return context.json(yield* timeout(1_000, () => findUser(context.req.param("id"))));
 * }));
 */
export function honoHandler<
  T,
  Context extends { readonly req: { readonly raw: Request } } = HonoContext,
  Next = HonoNext,
>(
  handler: (context: Context, next: Next) => Awaitable<T>,
): (context: Context, next: Next) => Promise<T> {
  const call = abortable(handler);
  return async (context, next) => {
    const result = await call(undefined, [context, next], signalOf(context.req.raw));
    return result === CLIENT_GONE ? (gone() as T) : result;
  };
}
