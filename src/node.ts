import { provideExecuting } from "./executing.ts";
import { executionOf } from "./executors/execution.ts";
import { ThreadExecutor } from "./executors/node/threadExecutor.ts";
import { Selector } from "./io/node/selector.ts";
import { NodeSources } from "./io/node/signalHandlers.ts";
import { provideExposing } from "./loop/exposing.ts";
import { provideInlets } from "./loop/hosts/blocking.ts";
import { portInlets } from "./loop/hosts/ports.ts";
import { provideSources } from "./loop/readiness.ts";
import { exposureOf } from "./remote/exposure.ts";

provideSources((loop) => new NodeSources(loop, new Selector()));
provideInlets(portInlets);
provideExposing(exposureOf);
provideExecuting((loop) => executionOf(loop, () => new ThreadExecutor()));

export type { ThreadExecutorOptions } from "./executors/calls.ts";
export { toThread } from "./executors/execution.ts";
export { defineTask } from "./executors/task.ts";
export { threadSignal } from "./executors/work.ts";
export * from "./index.ts";
export {
  accept,
  type Datagram,
  type PortMessage,
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
  type ConnectionHandler,
  type Server,
  type ServerOptions,
  startServer,
  startUnixServer,
  type UnixServerOptions,
} from "./io/node/server.ts";
export {
  createSubprocessExec,
  createSubprocessShell,
  DEVNULL,
  PIPE,
  STDOUT,
  type Stdio,
  type SubprocessOptions,
} from "./io/node/subprocess.ts";
export { EVENT_READ, EVENT_WRITE, type Pollable } from "./io/pollable.ts";
export type { SelectorKey } from "./io/selector.ts";
export { IncompleteReadError, LimitOverrunError } from "./io/streamErrors.ts";
export { StreamReader } from "./io/streamReader.ts";
export { StreamWriter } from "./io/streamWriter.ts";
export { openWebSocket, type WebSocketOptions } from "./io/webSocket.ts";
export {
  type WebSocketConnection,
  WebSocketError,
  type WebSocketMessage,
} from "./io/webSocketConnection.ts";
export type { ExposedFunctions, RemoteTicket } from "./loop/exposing.ts";
export { connectRemote, type Remote } from "./remote/remote.ts";
export { RemoteLostError } from "./remote/remoteError.ts";
export { transfer } from "./remote/transfer.ts";
export { ThreadExecutor };
