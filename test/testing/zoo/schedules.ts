// The orders in which the programs of the zoo fail, found in Node by random exploration with seed
// 0, and shrunk. Every platform and both cores must find the same orders, and fail in them in the
// same way.

export const SCHEDULES: Readonly<Record<string, string>> = {
  "a lost update": "1::",
  "check, then act": "1::",
  "a dirty read": "1:11:22",
  "something created twice": "1:111:222",
  "ABA in a cache": "1:11:22",
  "a list changed during iteration": "1:110011:2{6}",
  "a buffer flushed too late": "1:011:222",
  "two locks in two orders": "1:110011:2{6}",
  "a lost notification": "1:11:22",
  "`if` in place of `while`": "1:1:4",
  "an event cleared too late": "1:0110011:2{7}",
  "tasks that await each other": "1::",
  "an endless retry": "1:122:333",
  "a barrier that closes too early": "1:001:222",
  "two timers at the same instant": "1:1:2",
  "a lock not released after a cancellation": "1:1:2:c1=worker",
  "a job delivered twice": "1::",
  "a semaphore that loses permits": "1:2{6}:3{6}",
  "a race during a shutdown": "1:120{6}11:3{4}223322",
  "a timeout against a result": "1::",
  "a pool that grows too large": "1:111:222",
  "a reader and a writer at once": "1:11:22",
  "an overtaken answer": "1:001:222",
  "a task left behind": "1:11:22",
  "an exception that goes unnoticed": "1:11:22",
  "a swallowed cancellation": "1:::c1=worker",
};
