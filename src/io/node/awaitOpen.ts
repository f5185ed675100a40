import { currentScheduler } from "../../loop/current.ts";
import { ExternalFuture } from "../../tasks/externalFuture.ts";
import type { Coroutine } from "../../tasks/kernel/coroutine.ts";
import { connectionLost } from "../streamErrors.ts";

/**
 * Waits for the event by which one of Node's objects reports that it is open. Calls `abort` if the
 * object fails to open or the wait is cancelled. The caller must handle later errors.
 *
 * @throws the error that the object emits instead, or one with the `code` `"ECONNRESET"` if the
 * object closes instead.
 */
export function* awaitOpen(
  emitter: NodeJS.EventEmitter,
  event: string,
  abort: () => void = () => undefined,
): Coroutine<void> {
  const future = new ExternalFuture<void>(currentScheduler("A connection"));
  const succeed = () => future._trySucceed();
  const fail = (error: unknown) => future._tryFail(error);
  // The argument of `close` isn't needed, because it only says whether there was an error.
  const close = () => fail(connectionLost());
  emitter.on(event, succeed).on("error", fail).on("close", close);
  try {
    yield* future;
  } catch (error) {
    abort();
    throw error;
  } finally {
    future.cancel();
    emitter.off(event, succeed).off("error", fail).off("close", close);
  }
}
