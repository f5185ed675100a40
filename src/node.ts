import { loopExecutorOf } from "./executors/loopExecutor.ts";
import { ThreadExecutor } from "./executors/node/threadExecutor.ts";
import { openChannels } from "./inspector/node/diagnosticsChannels.ts";
import { Selector } from "./io/node/selector.ts";
import { NodeSources } from "./io/node/signalHandlers.ts";
import { portInput } from "./loop/hosts/ports.ts";
import { installPlatform } from "./loop/platform.ts";
import { remoteServerOf } from "./remote/remoteServer.ts";

installPlatform({
  sources: (loop) => new NodeSources(loop, new Selector()),
  blockingInput: portInput,
  remotePort: remoteServerOf,
  executorPort: (loop) => loopExecutorOf(loop, () => new ThreadExecutor()),
});
openChannels();

export type { ThreadExecutorOptions } from "./executors/calls.ts";
export { toThread } from "./executors/loopExecutor.ts";
export { defineTask } from "./executors/task.ts";
export { threadSignal } from "./executors/work.ts";
export * from "./index.ts";
export {
  accept,
  type Datagram,
  type ReceivedMessage,
  receiveFrom,
  receiveMessage,
} from "./io/node/adapt.ts";
export {
  type ConnectionOptions,
  openConnection,
  openUnixConnection,
  type UnixConnectionOptions,
} from "./io/node/connection.ts";
export { createDatagramEndpoint, type DatagramOptions } from "./io/node/datagram.ts";
export type { DatagramAddress, DatagramEndpoint } from "./io/node/datagramEndpoint.ts";
export { type AddressInfo, getaddrinfo, type NameOptions } from "./io/node/names.ts";
export type { Outputs, Process } from "./io/node/process.ts";
export { Selector } from "./io/node/selector.ts";
export {
  type ServerOptions,
  startServer,
  startUnixServer,
  type UnixServerOptions,
} from "./io/node/startServer.ts";
export {
  type BytesSubprocessOptions,
  createSubprocessExec,
  createSubprocessShell,
  DEVNULL,
  PIPE,
  STDOUT,
  type Stdio,
  type SubprocessOptions,
  type TextSubprocessOptions,
} from "./io/node/subprocess.ts";
export { EVENT_READ, EVENT_WRITE, type Pollable } from "./io/pollable.ts";
export type { SelectorKey } from "./io/selector.ts";
export type { ConnectionHandler, Server } from "./io/server.ts";
export { IncompleteReadError, LimitOverrunError } from "./io/streamErrors.ts";
export { StreamReader } from "./io/streamReader.ts";
export { StreamWriter } from "./io/streamWriter.ts";
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
export { ThreadExecutor };
