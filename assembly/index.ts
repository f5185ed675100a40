// The exports of the core.

export { release, reset } from "./lifecycle";
export { capacity, heap, states } from "./memory";
export { makeRoom, RINGS as rings, schedule } from "./ready";
export { allocate, live } from "./slots";
export { addTimer, removeTimer, size as timers } from "./timers";
export { turn } from "./turn";
