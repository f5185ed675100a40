// Node, Bun and Deno: the user presses Ctrl-C.

interface Platform {
  readonly process?: {
    on?(event: "SIGINT", listener: () => void): void;
    off?(event: "SIGINT", listener: () => void): void;
    listenerCount?(event: "SIGINT"): number;
  };
}

/** Who is to hear of the next SIGINT, and whether also if the program listens itself. */
const waiting = /* @__PURE__ */ new Map<() => void, boolean>();

/**
 * Calls back at the next SIGINT. Nobody listens to the one after that, which so ends the process.
 * Does nothing where there are no signals, nor if the program listens itself, unless `asked`. Returns what undoes it.
 */
export function onInterrupt(callback: () => void, asked: boolean): () => void {
  const { process } = globalThis as Platform;
  if (process?.on === undefined) return () => undefined;
  if (waiting.size === 0) {
    try {
      if (!asked && listeners() > 0) return () => undefined;
      process.on("SIGINT", interrupt);
    } catch {
      // Edge runtimes have a `process` whose functions throw.
      return () => undefined;
    }
  }
  waiting.set(callback, asked);
  return () => forget(callback);
}

function interrupt(): void {
  const isAlone = listeners() === 1;
  for (const [callback, asked] of [...waiting]) {
    // The program may have begun to listen itself meanwhile.
    if (!asked && !isAlone) continue;
    forget(callback);
    callback();
  }
}

function forget(callback: () => void): void {
  if (waiting.delete(callback) && waiting.size === 0) {
    (globalThis as Platform).process?.off?.("SIGINT", interrupt);
  }
}

function listeners(): number {
  return (globalThis as Platform).process?.listenerCount?.("SIGINT") ?? 0;
}
