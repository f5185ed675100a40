export {
  EventLoop,
  type EventLoopOptions,
  type ExceptionHandler,
  getEventLoop,
  getRunningLoop,
  newEventLoop,
  setEventLoop,
  type TaskFactory,
} from "./eventLoop.ts";
export type { Clock } from "./loop/clock.ts";
export { Context, ContextVar, copyContext, type Token } from "./loop/context.ts";
export {
  CancelledError,
  DeadlockError,
  InvalidStateError,
  LookupError,
  RuntimeError,
  TimeoutError,
} from "./loop/errors.ts";
export type { Callback, Handle, TimerHandle } from "./loop/handle.ts";
export type { ExceptionContext, Scheduler } from "./loop/scheduler.ts";
export { run, runSync } from "./run.ts";
export { Runner, type RunOptions } from "./runner.ts";
export {
  type Awaitable,
  type AwaitableLike,
  allTasks,
  type CoroutineLike,
  createTask,
  currentTask,
  ensureFuture,
  wrapFuture,
} from "./tasks/awaitable.ts";
export {
  type Coroutine,
  type CoroutineFunction,
  coroutine,
  isCoroutine,
  isCoroutineFunction,
  type Suspension,
} from "./tasks/coroutine.ts";
export { fromPromise } from "./tasks/fromPromise.ts";
export { Future, isFuture } from "./tasks/future.ts";
export { type AwaitedAll, type AwaitedBy, gather } from "./tasks/gather.ts";
export { sleep } from "./tasks/sleep.ts";
export { Task, type TaskFrame, type TaskOptions, type TaskPriority } from "./tasks/task.ts";
