export {
  type CallGraphOptions,
  captureCallGraph,
  type FutureCallGraph,
  formatCallGraph,
  printCallGraph,
} from "./debug/callGraph.ts";
export { type FormatOptions, formatException } from "./debug/formatException.ts";
export { formatTaskTree } from "./debug/taskTree.ts";
export {
  CancelledError,
  DeadlockError,
  InvalidStateError,
  LookupError,
  RuntimeError,
  ScheduleError,
  type TaskWait,
  TimeoutError,
} from "./lang/errors.ts";
export type { Clock } from "./loop/clock.ts";
export { Context, ContextVar, copyContext, type Token } from "./loop/context.ts";
export type { Callback, Handle, TimerHandle } from "./loop/handle.ts";
export type { ExceptionContext, Scheduler } from "./loop/scheduler.ts";
export {
  EventLoop,
  type EventLoopOptions,
  type ExceptionHandler,
  getEventLoop,
  getRunningLoop,
  newEventLoop,
  setEventLoop,
  type TaskFactory,
} from "./program/eventLoop.ts";
export type {
  DefinedTask,
  Executor,
  SubmitOptions,
  TaskArguments,
  TaskMark,
  TaskReference,
  TaskResult,
  ThreadTask,
} from "./program/executorPort.ts";
export type { LoopHooks, LoopWarning, WarnedTask } from "./program/loopHooks.ts";
export { run, runSync } from "./program/run.ts";
export { Runner, type RunOptions } from "./program/runner.ts";
export { type ToAsyncOptions, toAsync } from "./program/toAsync.ts";
export { debounce } from "./sources/debounce.ts";
export { type EventSource, type EventsOptions, events } from "./sources/events.ts";
export { latest } from "./sources/latest.ts";
export { mapUnordered } from "./sources/mapUnordered.ts";
export {
  type Progress,
  type ProgressOptions,
  type ProgressSnapshot,
  progress,
} from "./sources/progress.ts";
export type { Source } from "./sources/source.ts";
export { throttle } from "./sources/throttle.ts";
export { Barrier } from "./sync/barrier.ts";
export { Condition } from "./sync/condition.ts";
export { BrokenBarrierError, QueueEmpty, QueueFull, QueueShutDown } from "./sync/errors.ts";
export { Event } from "./sync/event.ts";
export { LifoQueue } from "./sync/lifoQueue.ts";
export { Lock } from "./sync/lock.ts";
export type { Compare } from "./sync/order.ts";
export { PriorityQueue, type PriorityQueueOptions } from "./sync/priorityQueue.ts";
export { Queue } from "./sync/queue.ts";
export { RateLimiter, type RateLimiterOptions } from "./sync/rateLimiter.ts";
export { BoundedSemaphore, Semaphore } from "./sync/semaphore.ts";
export { type AsCompleted, asCompleted } from "./tasks/asCompleted.ts";
export type { Awaitable, AwaitableLike, CoroutineLike } from "./tasks/awaitable.ts";
export { createTask } from "./tasks/createTask.ts";
export { allTasks, currentTask } from "./tasks/currentTask.ts";
export { ensureFuture, wrapFuture } from "./tasks/ensureFuture.ts";
export { type ErrorPredicate, ExceptionGroup } from "./tasks/exceptionGroup.ts";
export { forEach } from "./tasks/forEach.ts";
export { fromPromise } from "./tasks/fromPromise.ts";
export { type AwaitedAll, type AwaitedBy, gather } from "./tasks/gather.ts";
export {
  type CoroutineIterator,
  type CoroutineSource,
  type IterationSource,
  iterate,
} from "./tasks/iterate.ts";
export {
  type Coroutine,
  type CoroutineFunction,
  coroutine,
  isCoroutine,
  isCoroutineFunction,
  type Suspension,
} from "./tasks/kernel/coroutine.ts";
export { Future, isFuture } from "./tasks/kernel/future.ts";
export { Task } from "./tasks/kernel/task.ts";
export type { TaskOptions, TaskPriority } from "./tasks/kernel/taskOptions.ts";
export type { TaskFrame } from "./tasks/kernel/taskStack.ts";
export { type MapOptions, mapConcurrent } from "./tasks/mapConcurrent.ts";
export { race } from "./tasks/race.ts";
export { type RetryOptions, retry } from "./tasks/retry.ts";
export { shield } from "./tasks/shield.ts";
export { sleep } from "./tasks/sleep.ts";
export {
  type GroupTaskOptions,
  TaskGroup,
  type TaskGroupOptions,
  taskGroup,
} from "./tasks/taskGroup.ts";
export { moveOnAfter, Timeout, timeout, timeoutAt } from "./tasks/timeout.ts";
export { toPromise } from "./tasks/toPromise.ts";
export {
  ALL_COMPLETED,
  FIRST_COMPLETED,
  FIRST_EXCEPTION,
  type ReturnWhen,
  type Waited,
  wait,
} from "./tasks/wait.ts";
export { type Emitter, waitEvent } from "./tasks/waitEvent.ts";
export { waitFor } from "./tasks/waitFor.ts";
export { withSignal } from "./tasks/withSignal.ts";
