// Runs in a worker's threads: decodes a call's arguments, calls the function, and encodes its
// result. The worker's own loop only passes on text, which leaves it time to renew leases.

import type { BroadcastChannel } from "node:worker_threads";
import { noteCoroutine, renameServed } from "../executors/servedCalls.ts";
import { knownFunction, loadFunction, runServed, threadSignal } from "../executors/work.ts";
import { ContextVar } from "../loop/context.ts";
import { knowErrorClass } from "../remote/remoteError.ts";
import { isThenable } from "../tasks/awaitable.ts";
import { type Coroutine, coroutine, isCoroutine } from "../tasks/kernel/coroutine.ts";
import { argumentsOf, contextOf } from "./callServer.ts";
import { defaultCodec, encode } from "./codec.ts";
import { FleetError } from "./errors.ts";
import { threadReport } from "./progress.ts";
import { openProgressChannel, type ThreadProgress, type ThreadRequest } from "./threadProtocol.ts";

knowErrorClass("FleetError", FleetError);

const channels = new Map<string, BroadcastChannel>();
/** Each module's exported context variables, by name. */
const variables = new Map<string, Map<string, ContextVar<unknown>>>();

/** Runs a call. Returns the encoded result, or a promise or a coroutine for it. */
export function performCall(...request: ThreadRequest): unknown {
  const [url, name, task] = request;
  renameServed(request[7], task);
  const fn = knownFunction({ url, name });
  if (fn === undefined || !request[8].every((one) => variables.has(one))) return load(request);
  const result = begin(fn, request);
  return isCoroutine(result) ? encodedAfter(result as Coroutine<unknown>, request) : result;
}

async function load(request: ThreadRequest): Promise<unknown> {
  const [url, name] = request;
  const fn = await loadFunction({ url, name });
  for (const one of [url, ...request[8]]) {
    const found = new Map<string, ContextVar<unknown>>();
    for (const value of Object.values((await import(one)) as object)) {
      if (value instanceof ContextVar) found.set(value.name, value as ContextVar<unknown>);
    }
    variables.set(one, found);
  }
  const signal = threadSignal();
  signal.throwIfAborted();
  const result = begin(fn, request);
  if (!isCoroutine(result)) return result;
  return runServed(signal, encodedAfter(result as Coroutine<unknown>, request));
}

/**
 * Calls the function. Returns the encoded result, or a promise for it. If the function returns a
 * coroutine, returns the coroutine instead, because it must run before its result can be encoded.
 * If the call has context variables, wraps the coroutine, so that they are set before it runs.
 */
function begin(fn: (...args: readonly unknown[]) => unknown, request: ThreadRequest): unknown {
  const [url, , task, text, context, channel, call, , modules] = request;
  const args = argumentsOf(defaultCodec, { args: text, task });
  const registry = {
    variable(name: string) {
      const exporter = [url, ...modules].find((one) => variables.get(one)?.has(name));
      return exporter === undefined ? undefined : variables.get(exporter)?.get(name);
    },
  };
  const here = contextOf(defaultCodec, { context, task }, registry);
  threadReport.current = (value) => report(channel, call, value);
  if (context === undefined) return settled(fn(...args), task);
  const tokens = here.map(([variable, value]) => ({ variable, token: variable.set(value) }));
  let made: unknown;
  try {
    made = fn(...args);
    // A coroutine captures its context when it starts running, which is later.
    if (isCoroutine(made)) {
      noteCoroutine(made, 2); // wrapped by `encodedAfter` and `inContext`
      return inContext(made as Coroutine<unknown>, here);
    }
  } finally {
    for (const { variable, token } of tokens.reverse()) variable.reset(token as never);
  }
  return settled(made, task);
}

function settled(made: unknown, task: string): unknown {
  if (isCoroutine(made)) {
    noteCoroutine(made, 1); // wrapped by `encodedAfter`
    return made;
  }
  return isThenable(made) ? made.then((value) => encoded(value, task)) : encoded(made, task);
}

const inContext = coroutine(function* inContext(
  coro: Coroutine<unknown>,
  context: ReturnType<typeof contextOf>,
): Coroutine<unknown> {
  for (const [variable, value] of context) variable.set(value);
  return yield* coro;
});

const encodedAfter = coroutine(function* encodedAfter(
  coro: Coroutine<unknown>,
  [, , task]: ThreadRequest,
): Coroutine<unknown> {
  return encoded(yield* coro, task);
});

function encoded(value: unknown, task: string): string {
  return encode(defaultCodec, `The result of \`${task}\``, value);
}

function report(name: string, call: number, value: unknown): void {
  let channel = channels.get(name);
  if (channel === undefined) {
    channel = openProgressChannel(name);
    channels.set(name, channel);
  }
  const message: ThreadProgress = [call, encode(defaultCodec, "The progress", value)];
  channel.postMessage(message);
}
