// The command's help text.

/** The command was called with invalid arguments. */
export class UsageError extends Error {
  override name = "UsageError";
}

const TEXT = `Usage: mysyncio worker FILE... [options]

Takes calls from a queue, and runs the functions that the FILEs export with defineTask.

  --queue NAME        the queue, by default "mysyncio"
  --connection URL    the Redis server, by default MYSYNCIO_CONNECTION if it is set, and otherwise redis://127.0.0.1:6379
  --prefix TEXT       the prefix of all keys on the server, by default "{mysyncio}"
  --lease MS          how long a silent worker keeps its calls, by default 10000; callers must set the lease of bullEngine to the same value
  --threads N         threads for functions, by default as many as there are processors
  --concurrency N     runs up to N calls of async and coroutine functions at a time on the worker's own loop; without
                      it they run in threads
  --limit N/MS        starts at most N calls per MS milliseconds, across all workers of the queue
  --drain MS          after SIGTERM or SIGINT, lets the calls that are running end within MS milliseconds, by default
                      25000; a second signal cancels them at once

Usage: mysyncio ps TARGET [options]
       mysyncio pstree TARGET [options]

Shows the tasks of a running program, with the lines at which they wait: ps in groups, pstree as a tree, with the tasks
that a task awaits below it.

  --limit N           at most N groups, or children of a task; by default 30
  --depth N           at most N levels of the tree, by default 20
  --json              prints everything that was read, as JSON

Usage: mysyncio top TARGET [options]

Shows every second what the loops and their tasks do, until Ctrl+C.

  --seconds N         ends after N seconds
  --limit N           at most N groups of tasks, by default 20
  --json              prints a line of JSON every second

Usage: mysyncio warnings TARGET [options]

Looks for mistakes and bottlenecks: deadlocks, steps that don't end, ignored cancellations, growing queues and more. Prints
what was seen, where, and how to fix it. Coroutines that nobody awaited are found only in debug mode.

  --seconds N         looks for N seconds, by default 4
  --limit N           at most N warnings of a kind, by default 20
  --json              prints all of them, as JSON

Usage: mysyncio trace TARGET... [options]

Records what the loops do, for the Performance panel of Chrome's DevTools. If fleet workers on
this machine run calls of the target, records their loops too. Several targets go into one file. Ctrl+C ends the
recording early.

  --seconds N         records for N seconds, by default 5
  -o, --output FILE   writes to FILE, by default trace.json; "-" prints the trace
  --limit N           keeps the last N records of each loop, by default 500000

Usage: mysyncio inspect TARGET [options]

Serves the inspector to a browser on this machine, until Ctrl+C. Prints the address, which contains a secret.

  --port N            listens on port N, by default any free port
  --allow-cancel      lets the page cancel tasks; without it, the page is read-only

A TARGET is a program that this user runs on this machine:

  PID                 a Node process. It needs no preparation, and is paused only while it is read. If no loop runs in
                      its main thread, its workers with loops are read
  PID/WORKER          one of its worker threads, by thread id or name
  PATH                the socket of a process started with node --import mysyncio/inspector/register
  ws://...            the DevTools address of a page, or of a Node process

  --timeout SECONDS   how long a process may take to open its inspector, by default 10
`;

export function usage(unknown?: string): string {
  return unknown === undefined ? TEXT : `${TEXT}\nThere is no command "${unknown}".`;
}

/** Returns the help text of one command. */
export function usageOf(command: string): string {
  const [targets = "", ...sections] = TEXT.split(/\n(?=Usage: )|\n(?=A TARGET )/).reverse();
  const own = sections.find((section) => section.includes(`mysyncio ${command} `)) ?? TEXT;
  return own.includes("TARGET") && own !== TEXT ? `${own}\n${targets}` : own;
}
