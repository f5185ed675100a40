// Node: whether another thread is dead, found out for a thread that is blocked.
//
// What a worker sends to another thread goes through the main thread, which drops it if there is no such thread. The
// sender hears of that by a promise, and no promise settles while it is blocked. So it has a third thread ask.

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

/** How many milliseconds one who does not answer may take, and how long to wait until it is asked again. */
const PATIENCE = 1_000;

const PROGRAM = `
  const { postMessageToThread, workerData: { thread, port } } = require("node:worker_threads");
  (async () => {
    for (;;) {
      try {
        await postMessageToThread(thread, {}, [], ${PATIENCE});
      } catch (error) {
        if (error.code === "ERR_WORKER_MESSAGING_FAILED") break;
      }
      await new Promise((resolve) => setTimeout(resolve, ${PATIENCE}));
    }
    port.postMessage("dead");
    port.close();
  })();`;

/** Somebody who asks whether a thread is alive, until it is not. */
export class Inquiry {
  /** Where the answer comes. */
  readonly port: object;
  readonly #end: () => void;

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
    this.#end = () => {
      port1.close();
      void worker.terminate();
    };
  }

  end(): void {
    this.#end();
  }
}
