export { ScheduleError } from "./loop/errors.ts";
export { checkDeterminism } from "./testing/checkDeterminism.ts";
export type { RunConditions } from "./testing/conditions.ts";
export { type ExploreOptions, type ExploreStatistics, explore } from "./testing/explore.ts";
export type { Strategy } from "./testing/plans.ts";
export { replay } from "./testing/replay.ts";
export { VirtualClock } from "./testing/virtualClock.ts";
export { virtualTest } from "./testing/virtualTest.ts";
