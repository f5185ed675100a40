import type { Request as ExpressRequest, Response as ExpressResponse, NextFunction } from "express";
import type { Awaitable } from "../tasks/awaitable.ts";
import { disconnectOf, type NodeResponse } from "./disconnect.ts";
import { abortable } from "./handler.ts";

/**
 * Turns a coroutine function into a handler or middleware of Express.
 *
 * Each request starts a task. If the client disconnects before the response is complete, the task
 * is cancelled, nothing is sent, and `next` is not called.
 *
 * Otherwise, an error goes to `next(error)`, and so to the error handlers of the program. If a task
 * group fails with a single error, the error handlers receive that error. If something other than a
 * disconnect cancels the task, they receive a RequestCancelledError, for which Express responds
 * with status 503. A thrown string or falsy value, such as `undefined`, becomes the `cause` of an
 * Error.
 *
 * Calls follow the rules of `toAsync`: they share the thread's default loop.
 *
 * @throws TypeError if `handler` is not a function.
 * @example
 * app.get("/users/:id", toHandler(function* (request, response) {
 *   response.json(yield* timeout(1_000, () => findUser(request.params.id)));
 * }));
 */
export function expressHandler<
  Request = ExpressRequest,
  Response extends NodeResponse = ExpressResponse,
  Next extends (error?: unknown) => void = NextFunction,
>(
  handler: (request: Request, response: Response, next: Next) => Awaitable<unknown>,
): (request: Request, response: Response, next: Next) => Promise<void> {
  const call = abortable(handler);
  return async (request, response, next) => {
    try {
      await call(undefined, [request, response, next], disconnectOf(response));
    } catch (error) {
      // Passed to `next` rather than thrown, because Express 4 ignores returned promises.
      next(errorFor(error));
    }
  };
}

/**
 * Returns the argument for `next`. Wraps falsy values, which `next` would not treat as errors, and
 * strings, because `"route"` would skip handlers.
 */
function errorFor(thrown: unknown): unknown {
  const isText = typeof thrown === "string";
  if (thrown && !isText) return thrown;
  return new Error(isText ? thrown : `The handler threw ${thrown}`, { cause: thrown });
}
