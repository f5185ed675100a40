import { checkOptions } from "../lang/arguments.ts";
import type { CancelledError } from "../lang/errors.ts";
import type { SubmitOptions } from "../program/executorPort.ts";
import { onAbort } from "../tasks/onAbort.ts";
import { abortError, checkSignal } from "../tasks/withSignal.ts";
import type { CallListener } from "./threadCall.ts";

/**
 * Starts a call, and returns a promise of its outcome. Aborting the signal in `options` cancels the
 * call. If the signal has already aborted, no call starts, and the promise rejects. Once the
 * promise is settled, no listener is left on the signal.
 */
export function promiseOfCall<Call, T>(
  options: SubmitOptions,
  start: (listener: CallListener) => Call,
  cancel: (call: Call, error: CancelledError) => void,
): Promise<T> {
  return new Promise((resolve, reject) => {
    checkOptions(options);
    const { signal } = options;
    if (signal === undefined) {
      start({ onResult: resolve as never, onError: reject });
      return;
    }
    checkSignal(signal);
    if (signal.aborted) throw abortError(signal);
    let isSettled = false;
    let leave = (): unknown => undefined;
    const call = start({
      onResult(value) {
        isSettled = true;
        leave();
        resolve(value as T);
      },
      onError(error) {
        isSettled = true;
        leave();
        reject(error);
      },
    });
    if (!isSettled) leave = onAbort(signal, () => cancel(call, abortError(signal)));
  });
}
