// The exports of mysyncio that the rules must know by name when there are no types.

/** Functions that return a coroutine. */
export const COROUTINE_FUNCTIONS = new Set([
  "sleep",
  "wait",
  "waitFor",
  "timeout",
  "timeoutAt",
  "moveOnAfter",
  "race",
  "mapConcurrent",
  "taskGroup",
  "withSignal",
  "waitEvent",
  "fromPromise",
  "toThread",
  "retry",
  "forEach",
  "openConnection",
  "openUnixConnection",
  "openWebSocket",
  "startServer",
  "startUnixServer",
  "createDatagramEndpoint",
  "createSubprocessExec",
  "createSubprocessShell",
  "getaddrinfo",
]);

/** Functions that return a future or a task, which runs by itself. */
export const FUTURE_FUNCTIONS = new Set([
  "createTask",
  "ensureFuture",
  "wrapFuture",
  "gather",
  "shield",
]);

/** Functions that run the generator function or the coroutine passed to them. */
export const STARTERS = new Set([
  "run",
  "runSync",
  "coroutine",
  "createTask",
  "ensureFuture",
  "toAsync",
  "toPromise",
  "taskGroup",
  "timeout",
  "timeoutAt",
  "moveOnAfter",
  "waitFor",
  "withSignal",
  "shield",
  "mapConcurrent",
  "mapUnordered",
  "forEach",
  "retry",
  "latest",
  "startServer",
  "startUnixServer",
  "explore",
  "replay",
  "checkDeterminism",
  "virtualTest",
]);

/** Methods that do the same, on an object of any name. */
export const STARTER_METHODS = new Set(["createTask", "runUntilComplete", "runUntilCompleteSync"]);

/** Methods that return a coroutine, by their class. */
export const COROUTINE_METHODS = new Map(
  Object.entries({
    Lock: ["acquire", "hold", "with"],
    Event: ["wait"],
    Condition: ["acquire", "wait", "waitFor", "hold", "with"],
    Semaphore: ["acquire", "hold", "with"],
    BoundedSemaphore: ["acquire", "hold", "with"],
    Barrier: ["wait", "abort", "reset"],
    Queue: ["put", "get", "join"],
    PriorityQueue: ["put", "get", "join"],
    LifoQueue: ["put", "get", "join"],
    RateLimiter: ["acquire"],
  }),
);
