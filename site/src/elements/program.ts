// The page's side of a running program. Each program runs in a worker of its own.

import type { Answer, InspectRequest, Request, Start } from "../lib/protocol.ts";

/** How long a program may take to clean up after a cancellation. */
const GRACE = 1_500;

export class Program {
  #worker: Worker | undefined;
  readonly #listen: (answer: Answer) => void;

  constructor(listen: (answer: Answer) => void) {
    this.#listen = listen;
  }

  get isRunning(): boolean {
    return this.#worker !== undefined;
  }

  /** Runs it in a new worker. Whatever ran before is gone. */
  start(request: Start): void {
    this.terminate();
    const worker = new Worker(new URL("runner.js", import.meta.url), { type: "module" });
    this.#worker = worker;
    worker.addEventListener("message", ({ data }: MessageEvent<Answer>) => {
      if (worker !== this.#worker) return;
      if (data.kind === "ended") this.#worker = undefined;
      this.#listen(data);
      // What the program left behind, such as a timer, may still print. The next start ends it.
      if (data.kind === "ended") this.#last = worker;
    });
    worker.addEventListener("error", (event) => {
      if (worker === this.#worker) this.#end(`The worker failed: ${event.message}`);
    });
    worker.postMessage(request);
  }

  /** Cancels the program. Terminates it if it doesn't end in time, as if it never yields. */
  cancel(): void {
    const worker = this.#worker;
    worker?.postMessage({ kind: "cancel" } satisfies Request);
    setTimeout(() => {
      if (worker === undefined || worker !== this.#worker) return;
      this.#end("It did not end when it was cancelled, so its worker was terminated.");
    }, GRACE);
  }

  /** Sends a request to the worker, if there is one. Returns whether there is. */
  inspect(request: InspectRequest): boolean {
    this.#worker?.postMessage(request);
    return this.isRunning;
  }

  terminate(): void {
    this.#worker?.terminate();
    this.#last?.terminate();
    this.#worker = undefined;
    this.#last = undefined;
  }

  #last: Worker | undefined;

  #end(error: string): void {
    this.terminate();
    this.#listen({ kind: "ended", error, wasCancelled: true, milliseconds: 0, core: "" });
  }
}
