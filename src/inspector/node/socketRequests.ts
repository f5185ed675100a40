// The requests that a helper thread answers, besides calls of the functions of inTarget.ts.

/** Lists the workers of the process. The answer is an array of `WorkerThread`. */
export const THREADS = "threads";
/**
 * Calls a function in a worker. The parameters are the worker's thread id, the function's name, and
 * the arguments.
 */
export const IN_THREAD = "inThread";
