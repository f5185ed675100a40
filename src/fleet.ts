import "./node.ts";

export { defineTask } from "./executors/task.ts";
export { threadSignal } from "./executors/work.ts";
export { type BullEngineOptions, bullEngine } from "./fleet/bull/bullEngine.ts";
export type { FleetCallOptions } from "./fleet/callOptions.ts";
export type { FleetStats } from "./fleet/client.ts";
export type { FleetCodec } from "./fleet/codec.ts";
export type {
  Backoff,
  CallOutcome,
  ConsumeOptions,
  Consumer,
  Counts,
  Delivery,
  FleetEngine,
  FleetQueue,
  Presence,
  Signal,
  StopReason,
  Timer,
  Timers,
  WireCall,
} from "./fleet/engine.ts";
export { FleetError, FleetUnreachableError } from "./fleet/errors.ts";
export type { FleetExecutorOptions } from "./fleet/fleet.ts";
export { FleetCall } from "./fleet/fleetCall.ts";
export { FleetExecutor } from "./fleet/fleetExecutor.ts";
export type { FleetView } from "./fleet/fleetView.ts";
export { type MemoryEngineOptions, memoryEngine } from "./fleet/memoryEngine.ts";
export { reportProgress } from "./fleet/progress.ts";
export type { RemoteCallInfo, RemoteCallState } from "./fleet/remoteCall.ts";
export { type FleetWorker, type StartWorkerOptions, startWorker } from "./fleet/worker.ts";
export { LookupError } from "./lang/errors.ts";
export type {
  DefinedTask,
  Executor,
  SubmitOptions,
  TaskArguments,
  TaskResult,
  ThreadTask,
} from "./program/executorPort.ts";
export { RemoteLostError } from "./remote/remoteError.ts";
