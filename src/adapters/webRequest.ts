// Requests and responses of the Fetch standard.

import { wrongType } from "../lang/arguments.ts";
import { isSignal } from "../tasks/withSignal.ts";

/**
 * The status of a request whose client has gone. nginx uses it too. It is only for logs, because no
 * client receives it.
 */
const CLIENT_CLOSED_REQUEST = 499;

/** @throws TypeError if `request` has no signal */
export function signalOf(request: Request): AbortSignal {
  const { signal } = request ?? {};
  if (!isSignal(signal)) throw wrongType("request", "a Request", request);
  return signal;
}

/** Returns the response for a client that has gone. */
export function gone(): Response {
  return new Response(null, { status: CLIENT_CLOSED_REQUEST });
}
