// Lets a call report its progress to its caller.

import { sharedCall } from "../executors/work.ts";

/** The receiver of progress reports in a thread, which runs one call at a time. */
export const threadReport = { current: undefined as ((value: unknown) => void) | undefined };

/**
 * Reports progress to the caller of the current call. The option `onProgress` of the call (see
 * `with()`) receives the value. Only the latest value within 100 ms is sent, and any value may be
 * lost. Does nothing outside a fleet call.
 *
 * @throws DOMException named DataCloneError if the value cannot be sent.
 *
 * @example
 * for (const [i, frame] of frames.entries()) {
 *   render(frame);
 *   reportProgress({ done: i + 1, of: frames.length });
 * }
 */
export function reportProgress(value: unknown): void {
  const call = sharedCall().get();
  if (call !== undefined) call.report(value);
  else threadReport.current?.(value);
}
