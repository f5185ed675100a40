// One pipe for both outputs of a child.
//
// Node makes a pipe for each output, and two pipes do not tell in which order was written. But a child takes a socket
// that is there already, for several outputs. So we connect to ourselves, in a folder that nobody else can enter, and
// give it one end.

import { mkdtempSync, rmSync } from "node:fs";
import { connect, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Coroutine } from "../../tasks/coroutine.ts";
import { opened } from "./opened.ts";

/** Both ends of a pipe. */
export interface MergedPipe {
  /** What the child writes to. It is to be destroyed here as soon as the child has it. */
  readonly theirs: Socket;
  readonly ours: Socket;
}

/** Opens a pipe that can be given to a child for several outputs. A cancel closes it. */
export function* openMergedPipe(): Coroutine<MergedPipe> {
  const folder = mkdtempSync(join(tmpdir(), "mysyncio-"));
  const path = join(folder, "pipe");
  let theirs: Socket | undefined;
  let ours: Socket | undefined;
  const abort = () => {
    theirs?.destroy();
    ours?.destroy();
  };
  const server = createServer((socket) => {
    ours = socket;
  });
  try {
    server.listen(path);
    yield* opened(server, "listening", abort);
    theirs = connect(path);
    yield* opened(theirs, "connect", abort);
    if (ours === undefined) yield* opened(server, "connection", abort);
    return { theirs, ours: ours as unknown as Socket };
  } finally {
    server.close();
    rmSync(folder, { recursive: true });
  }
}
