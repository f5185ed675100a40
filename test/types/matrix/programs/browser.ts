import { openWebSocket, receiveMessage, run, ThreadExecutor } from "mysyncio/browser";
import type {} from "mysyncio/browser/thread";

export const read: Promise<unknown> = run(function* () {
  const executor = new ThreadExecutor({ worker: undefined, maxThreads: 1 });
  const socket = yield* openWebSocket("wss://example.org", { protocols: undefined });
  executor.shutdown({ cancel: undefined }).catch(console.error);
  return [yield* socket.read(), receiveMessage];
});
