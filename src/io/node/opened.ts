import type { Coroutine } from "../../tasks/coroutine.ts";
import { currentScheduler, Future } from "../../tasks/future.ts";
import { connectionLost } from "../streamErrors.ts";

/**
 * Waits until something of Node's says by an event that it is open. What does not get so far, also by a cancel, is
 * aborted. Whoever made it listens to its later errors.
 *
 * @throws the error that it emits instead.
 */
export function* opened(
  emitter: NodeJS.EventEmitter,
  event: string,
  abort: () => void,
): Coroutine<void> {
  const loop = currentScheduler("A connection");
  const future = new Future<void>(undefined, loop);
  const succeed = () => {
    if (!future.done()) future._succeed();
  };
  const fail = (error: unknown) => {
    if (!future.done()) future._fail(error);
  };
  // A socket says by an argument whether an error closed it, and that is of no interest here.
  const close = () => fail(connectionLost());
  emitter.on(event, succeed).on("error", fail).on("close", close);
  loop._external++;
  try {
    yield* future;
  } catch (error) {
    abort();
    throw error;
  } finally {
    loop._external--;
    emitter.off(event, succeed).off("error", fail).off("close", close);
  }
}
