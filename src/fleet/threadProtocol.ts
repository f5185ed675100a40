// The messages between a worker and its threads, in addition to those of `ThreadExecutor`.

import { BroadcastChannel } from "node:worker_threads";

/** The arguments of `performCall`: the function, its arguments, and where to report progress. */
export type ThreadRequest = readonly [
  url: string,
  name: string,
  task: string,
  args: string,
  context: string | undefined,
  channel: string,
  call: number,
  key: string,
  /** The URLs of the modules in which to look for the context variables. */
  modules: readonly string[],
];

/** Opens a channel that doesn't keep its thread alive. */
export function openProgressChannel(name: string): BroadcastChannel {
  const channel = new BroadcastChannel(name);
  // `unref` is missing in the types of some versions of Node.
  (channel as unknown as { unref(): void }).unref();
  return channel;
}

/** The progress of a call. */
export type ThreadProgress = readonly [call: number, text: string];
