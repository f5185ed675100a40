// Node, Bun and Deno: the user presses Ctrl-C.

interface Platform {
  readonly process?: {
    on?(event: "SIGINT", listener: () => void): void;
    off?(event: "SIGINT", listener: () => void): void;
    listenerCount?(event: "SIGINT"): number;
  };
}

/** Who is to hear of the next SIGINT. */
const waiting = /* @__PURE__ */ new Set<() => void>();

/**
 * Calls back at the next SIGINT. Nobody listens to the one after that, which so ends the process.
 * Does nothing where there are no signals, nor if the program listens itself, unless `asked`. Returns what undoes it.
 */
export function onInterrupt(callback: () => void, asked: boolean): () => void {
  const { process } = globalThis as Platform;
  if (process?.on === undefined) return () => undefined;
  if (waiting.size === 0) {
    if (!asked && (process.listenerCount?.("SIGINT") ?? 0) > 0) return () => undefined;
    process.on("SIGINT", interrupt);
  }
  waiting.add(callback);
  return () => {
    if (waiting.delete(callback) && waiting.size === 0) process.off?.("SIGINT", interrupt);
  };
}

function interrupt(): void {
  (globalThis as Platform).process?.off?.("SIGINT", interrupt);
  const callbacks = [...waiting];
  waiting.clear();
  for (const callback of callbacks) callback();
}
