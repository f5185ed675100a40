// One pipe for both outputs of a child.
//
// Node creates a pipe for each output, and two pipes lose the order of writes. But a child accepts
// an existing socket for several outputs. So we connect to ourselves, through a socket in a folder
// that other users can't enter, and pass one end to the child.

import { mkdtempSync, rmSync } from "node:fs";
import { connect, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Coroutine } from "../../tasks/kernel/coroutine.ts";
import { awaitOpen } from "./awaitOpen.ts";

/** Both ends of a pipe. */
interface MergedPipe {
  /** The child writes to this end. Destroy it once the child has started. */
  readonly childEnd: Socket;
  readonly parentEnd: Socket;
}

/** Opens a pipe that a child can use for several outputs. A cancellation closes it. */
export function* openMergedPipe(): Coroutine<MergedPipe> {
  const folder = mkdtempSync(join(tmpdir(), "mysyncio-"));
  const path = join(folder, "pipe");
  const ends: { childEnd?: Socket; parentEnd?: Socket } = {};
  const abort = () => {
    ends.childEnd?.destroy();
    ends.parentEnd?.destroy();
  };
  const server = createServer((socket) => {
    ends.parentEnd = socket;
  });
  try {
    server.listen(path);
    yield* awaitOpen(server, "listening", abort);
    ends.childEnd = connect(path);
    yield* awaitOpen(ends.childEnd, "connect", abort);
    if (ends.parentEnd === undefined) yield* awaitOpen(server, "connection", abort);
    return ends as MergedPipe;
  } finally {
    server.close();
    rmSync(folder, { recursive: true });
  }
}
