import { serveTasks } from "./executors/browser/thread.ts";
import { ThreadExecutor } from "./executors/browser/threadExecutor.ts";
import { loopExecutorOf } from "./executors/loopExecutor.ts";
import { Selector } from "./io/browser/selector.ts";
import { WatchedSources } from "./io/sources.ts";
import { installPlatform } from "./loop/platform.ts";
import { remoteServerOf } from "./remote/remoteServer.ts";

export type { WorkerExecutorOptions } from "./executors/browser/threadExecutor.ts";
export type { ThreadExecutorOptions } from "./executors/calls.ts";
export { toThread } from "./executors/loopExecutor.ts";
export { defineTask } from "./executors/task.ts";
export { threadSignal } from "./executors/work.ts";
export * from "./index.ts";
export { type ReceivedMessage, receiveMessage } from "./io/browser/messageSources.ts";
export { type Chunk, receiveChunk } from "./io/browser/streamSources.ts";
export { EVENT_READ, EVENT_WRITE, type Pollable } from "./io/pollable.ts";
export type { SelectorKey } from "./io/selector.ts";
export { openWebSocket, type WebSocketOptions } from "./io/webSocket.ts";
export {
  type WebSocketConnection,
  WebSocketError,
  type WebSocketMessage,
} from "./io/webSocketConnection.ts";
export type { ExposedFunctions, RemoteTicket } from "./loop/platform.ts";
export { connectRemote, type Remote } from "./remote/remote.ts";
export { RemoteLostError } from "./remote/remoteError.ts";
export { transfer } from "./remote/transfer.ts";
export { Selector, serveTasks, ThreadExecutor };

installPlatform({
  sources: (loop) => new WatchedSources(loop, new Selector()),
  remotePort: remoteServerOf,
  executorPort: (loop) => loopExecutorOf(loop, () => new ThreadExecutor()),
});
