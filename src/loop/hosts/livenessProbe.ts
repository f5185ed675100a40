// Node: finds out for a blocked thread whether another thread is dead.
//
// A message from one worker to another goes through the main thread, which drops it if the receiver
// is gone. The sender learns about that from a promise, which can't settle while the sender is
// blocked. So a third thread sends the message.

interface Port {
  on(event: "message", listener: () => void): void;
  unref(): void;
  close(): void;
}

interface Threads {
  readonly MessageChannel: new () => { readonly port1: Port; readonly port2: Port };
  readonly Worker: new (
    code: string,
    options: { eval: true; workerData: unknown; transferList: unknown[]; execArgv: string[] },
  ) => { unref(): void; terminate(): Promise<number> };
}

/** How long to wait for a reply, and until the next attempt, in milliseconds. */
const INTERVAL = 1_000;

const PROGRAM = `
  const { postMessageToThread, workerData: { thread, port } } = require("node:worker_threads");
  // Keeps this thread alive, because waiting for an answer doesn't.
  const alive = setInterval(() => {}, ${INTERVAL});
  (async () => {
    for (;;) {
      try {
        await postMessageToThread(thread, {}, [], ${INTERVAL});
      } catch (error) {
        if (error.code === "ERR_WORKER_MESSAGING_FAILED") break;
      }
      await new Promise((resolve) => setTimeout(resolve, ${INTERVAL}));
    }
    port.postMessage("dead");
    port.close();
    clearInterval(alive);
  })();`;

/** Probes a thread until it is dead. */
export class LivenessProbe {
  /** Receives a message when the thread is dead. */
  readonly port: object;
  readonly #stop: () => void;

  constructor(threads: object, thread: number, onDead: () => void) {
    const { MessageChannel, Worker } = threads as Threads;
    const { port1, port2 } = new MessageChannel();
    port1.on("message", onDead);
    port1.unref();
    const workerData = { thread, port: port2 };
    const worker = new Worker(PROGRAM, {
      eval: true,
      workerData,
      transferList: [port2],
      execArgv: [],
    });
    worker.unref();
    this.port = port1;
    this.#stop = () => {
      port1.close();
      void worker.terminate();
    };
  }

  /** Stops probing. */
  stop(): void {
    this.#stop();
  }
}
