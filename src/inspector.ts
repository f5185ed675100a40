export { asyncStacks, type StackOptions } from "./inspector/asyncStacks.ts";
export { devtoolsTracks, type TrackOptions } from "./inspector/devtoolsTracks.ts";
export type { FlightCause, FlightDump } from "./inspector/flightRecorder.ts";
export { snapshot } from "./inspector/snapshot.ts";
export { type LoopStatistics, statistics, type TaskStatistics } from "./inspector/statistics.ts";
export { startTrace, type TraceOptions, traceEvents } from "./inspector/trace.ts";
export type { TraceEvent } from "./inspector/traceEvent.ts";
export type { TraceRecording } from "./inspector/traceRing.ts";
export type {
  CallSnapshot,
  FrameSnapshot,
  LoopFacts,
  LoopSnapshot,
  ReadySnapshot,
  ResourceSnapshot,
  ServedSnapshot,
  TaskPhase,
  TaskSnapshot,
  TimerSnapshot,
  WaitSnapshot,
} from "./inspector/types.ts";
export { ignore, type WarningId, warnings } from "./inspector/warnings/warnings.ts";
