// Every case, in the order in which they are run. Each is the default export of the file of its name in cases/.

/** Those that need nothing but the language and timers: they run in a browser too. */
export const NEUTRAL = [
  "switch",
  "spawn",
  "future",
  "cancel",
  "timeout",
  "queue",
  "lock",
  "gather",
  "taskGroup",
  "sleep",
  "callSoon",
  "timers",
  "timersMillion",
  "deep",
  "calls",
  "promise",
  "webServer",
  "cores",
] as const;

/** Those that need Node: sockets, processes, the size of the heap. */
export const ON_NODE = [
  "coresPerCase",
  "scale",
  "memory",
  "explore",
  "remoteCalls",
  "threads",
  "echo",
  "bulk",
  "http",
  "pythonEcho",
  "idle",
  "startup",
  "size",
  "responsiveness",
] as const;

export const CASES: readonly string[] = [...NEUTRAL, ...ON_NODE];

/** Those that have a target against promises, which get faster with the engine: they are worth another Node. */
export const NEWEST_NODE: readonly string[] = [
  "switch",
  "spawn",
  "future",
  "cancel",
  "timeout",
  "queue",
  "lock",
];

/** Those in which other libraries take part. */
export const WITH_PEERS: readonly string[] = [
  ...NEWEST_NODE,
  "gather",
  "taskGroup",
  "sleep",
  "callSoon",
  "timers",
];
