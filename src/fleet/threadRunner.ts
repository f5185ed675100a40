// A worker's threads: a `ThreadExecutor` whose threads run `performCall`, which calls the tasks.

import { ThreadExecutor } from "../executors/node/threadExecutor.ts";
import { CancelledError } from "../lang/errors.ts";
import { newName } from "../remote/threadLink.ts";
import type { ThreadRunner } from "./callServer.ts";
import type { WireCall } from "./engine.ts";
import { keyOfFleetCall } from "./ids.ts";
import type { OnEnd } from "./loopWork.ts";
import type { Registered } from "./registry.ts";
import { openProgressChannel, type ThreadProgress } from "./threadProtocol.ts";

/** The module that the threads load. */
const THREAD_MODULE = "./fleetThread.js";

export class FleetThreads implements ThreadRunner {
  readonly #executor: ThreadExecutor;
  readonly #task = { url: new URL(THREAD_MODULE, import.meta.url).href, name: "performCall" };
  readonly #channelName = newName();
  readonly #channel = openProgressChannel(this.#channelName);
  readonly #reports = new Map<number, (text: string) => void>();
  readonly #modules: ReadonlySet<string>;
  #count = 0;

  /**
   * @param modules the URLs of modules that export context variables
   * @throws RuntimeError if `piscina` is not installed.
   */
  constructor(maxThreads: number, modules: ReadonlySet<string>) {
    this.#modules = modules;
    this.#executor = new ThreadExecutor({ maxThreads });
    this.#channel.onmessage = (event) => {
      const [call, text] = (event as { data: ThreadProgress }).data;
      this.#reports.get(call)?.(text);
    };
  }

  get maxThreads(): number {
    return this.#executor.maxThreads;
  }

  start(
    { location }: Registered,
    call: WireCall,
    report: (text: string) => void,
    onEnd: OnEnd,
  ): { cancel(grace: number): void } {
    const { url, name } = location as NonNullable<typeof location>;
    const number = ++this.#count;
    this.#reports.set(number, report);
    const end: OnEnd = (isError, outcome) => {
      this.#reports.delete(number);
      onEnd(isError, outcome);
    };
    const key = keyOfFleetCall(call.id);
    const { task, args: text, context } = call;
    const modules = context === undefined ? [] : [...this.#modules];
    const args = [url, name, task, text, context, this.#channelName, number, key, modules];
    const work = this.#executor._start(this.#task, args, {
      onResult: (value) => end(false, value),
      onError: (error) => end(true, error),
    });
    const cancelled = () => new CancelledError("The call was cancelled");
    return { cancel: (grace) => this.#executor._cancel(work, cancelled(), grace) };
  }

  async close(): Promise<void> {
    await this.#executor.shutdown({ cancel: true });
    this.#channel.close();
  }
}
