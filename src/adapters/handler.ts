// Turns coroutine functions into request handlers: the part that all framework adapters share.

import { checkFunction } from "../lang/arguments.ts";
import { RuntimeError } from "../lang/errors.ts";
import { isCancellation, isInstance } from "../lang/thrown.ts";
import { toAsync } from "../program/toAsync.ts";
import type { Awaitable } from "../tasks/awaitable.ts";
import { ExceptionGroup } from "../tasks/exceptionGroup.ts";

/** The outcome of a handler that was cancelled because its client has disconnected. */
export const CLIENT_GONE: unique symbol = /* @__PURE__ */ Symbol("client gone");

/**
 * The task of a handler was cancelled, although its client is still connected. Frameworks respond
 * with status 503, unless an error handler of the program responds first. The `cause` is the
 * CancelledError.
 */
export class RequestCancelledError extends RuntimeError {
  override name = "RequestCancelledError";
  /** Read by Express. */
  readonly status = 503;
  /** Read by Fastify. */
  readonly statusCode = 503;

  /** Returns the response that Hono sends for this error. */
  getResponse(): Response {
    return new Response("Service Unavailable\n", { status: this.status });
  }
}

/**
 * Turns `handler` into an async function that takes the handler's `this`, its arguments as an
 * array, and a signal that cancels the call.
 *
 * If the signal aborts, the promise resolves to `CLIENT_GONE` once the task has cleaned up. If a
 * task group fails with a single error, the promise rejects with that error.
 *
 * @throws TypeError if `handler` is not a function.
 */
export function abortable<This, Args extends unknown[], T>(
  handler: (this: This, ...args: Args) => Awaitable<T>,
): (self: This, args: Args, signal: AbortSignal) => Promise<T | typeof CLIENT_GONE> {
  checkFunction("handler", handler);
  // Has one parameter, so that `toAsync` takes the argument after it for the signal, whatever
  // parameters `handler` has.
  const apply = function (this: This, args: Args): Awaitable<T> {
    return handler.apply(this, args);
  };
  Object.defineProperty(apply, "name", { value: handler.name || "handler" });
  const call = toAsync(apply);
  return async (self, args, signal) => {
    try {
      return await call.call(self, args, signal);
    } catch (raised) {
      const error = isInstance(raised, ExceptionGroup) ? raised.unwrap() : raised;
      if (!isCancellation(error)) throw error;
      if (signal.aborted) return CLIENT_GONE;
      throw new RequestCancelledError("The request was cancelled", { cause: raised });
    }
  };
}
