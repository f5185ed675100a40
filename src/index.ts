export {
  type CallGraphOptions,
  captureCallGraph,
  type FutureCallGraph,
  formatCallGraph,
  printCallGraph,
} from "./debug/callGraph.ts";
export { formatTaskTree } from "./debug/taskTree.ts";
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
export type {
  DefinedTask,
  Executor,
  SubmitOptions,
  TaskArguments,
  TaskMark,
  TaskReference,
  TaskResult,
  ThreadTask,
} from "./executing.ts";
export type { Clock } from "./loop/clock.ts";
export { Context, ContextVar, copyContext, type Token } from "./loop/context.ts";
export {
  CancelledError,
  DeadlockError,
  InvalidStateError,
  LookupError,
  RuntimeError,
  ScheduleError,
  type TaskWait,
  TimeoutError,
} from "./loop/errors.ts";
export type { Callback, Handle, TimerHandle } from "./loop/handle.ts";
export type { ExceptionContext, Scheduler } from "./loop/scheduler.ts";
export { run, runSync } from "./run.ts";
export { Runner, type RunOptions } from "./runner.ts";
export { Barrier } from "./sync/barrier.ts";
export { Condition } from "./sync/condition.ts";
export { BrokenBarrierError, QueueEmpty, QueueFull, QueueShutDown } from "./sync/errors.ts";
export { Event } from "./sync/event.ts";
export { LifoQueue } from "./sync/lifoQueue.ts";
export { Lock } from "./sync/lock.ts";
export type { Compare } from "./sync/order.ts";
export { PriorityQueue, type PriorityQueueOptions } from "./sync/priorityQueue.ts";
export { Queue } from "./sync/queue.ts";
export { BoundedSemaphore, Semaphore } from "./sync/semaphore.ts";
export { type AsCompleted, asCompleted } from "./tasks/asCompleted.ts";
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
export { type ErrorPredicate, ExceptionGroup } from "./tasks/exceptionGroup.ts";
export { fromPromise } from "./tasks/fromPromise.ts";
export { Future, isFuture } from "./tasks/future.ts";
export { type AwaitedAll, type AwaitedBy, gather } from "./tasks/gather.ts";
export {
  type CoroutineIterator,
  type CoroutineSource,
  type IterationSource,
  iterate,
} from "./tasks/iterate.ts";
export { mapConcurrent } from "./tasks/mapConcurrent.ts";
export { race } from "./tasks/race.ts";
export { shield } from "./tasks/shield.ts";
export { sleep } from "./tasks/sleep.ts";
export { Task, type TaskFrame, type TaskOptions, type TaskPriority } from "./tasks/task.ts";
export { TaskGroup, taskGroup } from "./tasks/taskGroup.ts";
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
export { type ToAsyncOptions, toAsync } from "./toAsync.ts";
