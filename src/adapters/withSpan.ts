// Runs a coroutine in an OpenTelemetry span.

import {
  type Context,
  context,
  type Span,
  type SpanOptions,
  SpanStatusCode,
  type Tracer,
  trace,
} from "@opentelemetry/api";
import { checkFunction, checkOptions, checkString } from "../lang/arguments.ts";
import { isError } from "../lang/brands.ts";
import { isCancellation, toText } from "../lang/thrown.ts";
import { checkCoroutine } from "../tasks/awaitable.ts";
import { type Coroutine, coroutine } from "../tasks/kernel/coroutine.ts";
import { enterOwnContext, ownContext } from "./taskContextManager.ts";

/** The options of a span: those of OpenTelemetry, and the tracer that creates it. */
export interface TaskSpanOptions extends SpanOptions {
  /** The tracer; by default the one named "mysyncio". */
  readonly tracer?: Tracer | undefined;
}

type SpanBody<T> = (span: Span) => Coroutine<T>;

/**
 * Awaits `fn(span)` in a new span, and returns its result. The span is a child of the active one.
 * It begins when the coroutine is awaited, and ends when `fn` ends.
 *
 * While `fn` runs, the span is the active one of this task, and the parent of the spans in tasks
 * and callbacks that `fn` creates. Other libraries see it as the active span only if a
 * `TaskContextManager` is registered.
 *
 * If `fn` throws, the span records the exception and gets the status `ERROR`. If `fn` is cancelled,
 * the span gets the attribute `mysyncio.cancelled` instead, because a cancellation is not an error.
 *
 * @throws TypeError if an argument is invalid. @throws whatever `fn` throws.
 * @example
 * const user = yield* withSpan("load user", { attributes: { id } }, function* (span) {
 *   const user = yield* users.get(id);
 *   span.setAttribute("found", user !== undefined);
 *   return user;
 * });
 */
export function withSpan<T>(name: string, fn: SpanBody<T>): Coroutine<T>;
export function withSpan<T>(name: string, options: TaskSpanOptions, fn: SpanBody<T>): Coroutine<T>;
export function withSpan<T>(
  name: string,
  ...rest: [SpanBody<T>] | [TaskSpanOptions, SpanBody<T>]
): Coroutine<T> {
  const [options, fn] = rest.length === 1 ? [{}, rest[0]] : rest;
  checkString("name", name);
  checkOptions(options);
  checkFunction("fn", fn);
  return runInSpan(name, options, fn);
}

const runInSpan = /* @__PURE__ */ coroutine(function* withSpan<T>(
  name: string,
  { tracer = trace.getTracer("mysyncio"), ...options }: TaskSpanOptions,
  fn: SpanBody<T>,
): Coroutine<T> {
  const parent: Context = ownContext() ?? context.active();
  const span = tracer.startSpan(name, options, parent);
  const leave = enterOwnContext(trace.setSpan(parent, span));
  try {
    return yield* checkCoroutine("fn", () => fn(span));
  } catch (error) {
    note(span, error);
    throw error;
  } finally {
    leave();
    span.end();
  }
});

function note(span: Span, error: unknown): void {
  if (isCancellation(error)) {
    span.setAttribute("mysyncio.cancelled", true);
    return;
  }
  const exception = isError(error) ? error : toText(error);
  span.recordException(exception);
  const message = typeof exception === "string" ? exception : exception.message;
  span.setStatus({ code: SpanStatusCode.ERROR, message });
}
