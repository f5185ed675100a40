// All cases, in the order in which they run. Each is the default export of the file of that name in
// cases/.

/** Cases that need only the language and timers. They also run in a browser. */
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

/** Cases that need Node: sockets, processes, the size of the heap. */
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

/** Cases that start other projects' servers. They run only when they are named. */
export const ON_SERVERS = ["fleet"] as const;

/** Cases about a cost that only tools have. They also run only when they are named. */
export const OF_TOOLS = ["hooks"] as const;

/** The cases of a run that names none. */
export const CASES: readonly string[] = [...NEUTRAL, ...ON_NODE];

export const ALL_CASES: readonly string[] = [...CASES, ...ON_SERVERS, ...OF_TOOLS];

/** The basic cases. Other libraries take part in all of them. */
const KERNEL = ["switch", "spawn", "future", "cancel", "timeout", "queue", "lock"];

/**
 * Cases whose rows compare mysyncio with others in the same process. They can run mixed, cold and
 * after collections, and are worth running on other Nodes, because engines improve promises.
 */
export const COMPARED: readonly string[] = [
  ...KERNEL,
  ...[
    "gather",
    "taskGroup",
    "sleep",
    "callSoon",
    "timers",
    "deep",
    "calls",
    "promise",
    "webServer",
  ],
];

/** Cases in which other libraries take part. */
export const WITH_PEERS: readonly string[] = [
  ...KERNEL,
  "gather",
  "taskGroup",
  "sleep",
  "callSoon",
  "timers",
];
