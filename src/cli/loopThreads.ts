// Finds the threads of a target that run loops, and works with all of them.

import type { ThreadReading } from "../inspector/node/inTarget.ts";
import { type Target, TargetError } from "../inspector/node/target.ts";
import { printableText } from "./printable.ts";
import { titleIn } from "./reportText.ts";

/** A thread with loops. */
interface LoopThread {
  readonly target: Target;
  readonly reading: ThreadReading;
}

/**
 * Returns the target itself if it is a single thread, or a process with loops in its main thread.
 * Otherwise returns the workers with loops or, if there are none, the target itself. Prints which
 * workers can't be read.
 */
async function threadsWithLoops(target: Target): Promise<readonly LoopThread[]> {
  const reading = await target.call("read", target.client);
  const main = { target, reading };
  if (reading.loops.length > 0 || target.threads === undefined) return [main];
  const workers = [...(await target.threads())].map(async ([thread, worker]) => {
    try {
      const reading = await worker.call("read", worker.client);
      return reading.loops.length > 0 ? [{ target: worker, reading }] : [];
    } catch (error) {
      if (!(error instanceof TargetError)) throw error;
      const title = titleIn({ ...reading, thread });
      console.error(`Without ${title}: ${printableText(error.message)}`);
      return [];
    }
  });
  const found = (await Promise.all(workers)).flat();
  return found.length > 0 ? found : [main];
}

/** Returns the threads that a command has to inspect: see `threadsWithLoops`. */
export async function loopThreads(target: Target): Promise<readonly Target[]> {
  return (await threadsWithLoops(target)).map((thread) => thread.target);
}

/**
 * Returns the thread that a command has to inspect, for commands that can inspect only one.
 *
 * @throws TargetError if several workers have loops
 */
export async function onlyLoopThread(target: Target): Promise<LoopThread> {
  const [first, ...others] = await threadsWithLoops(target);
  if (first !== undefined && others.length === 0) return first;
  const threads = [first, ...others].flatMap((one) => one?.reading.thread ?? []);
  const { pid, program } = (first as LoopThread).reading;
  throw new TargetError(
    `The loops of ${titleIn({ pid, thread: null, program })} run in its workers ${threads.join(", ")}. Name one of them, such as ${pid}/${threads[0]}`,
  );
}

/**
 * Calls `work` for all threads at the same time, and returns the results for those that have not
 * ended.
 *
 * @throws TargetError if all have ended
 */
export async function ofEach<S, T>(
  threads: readonly S[],
  work: (thread: S) => Promise<T>,
): Promise<readonly T[]> {
  const results = await Promise.allSettled(threads.map(work));
  const failed = results.flatMap((one) => (one.status === "rejected" ? [one.reason] : []));
  const fault = failed.find((reason) => !(reason instanceof TargetError));
  if (fault !== undefined || failed.length === threads.length) throw fault ?? failed[0];
  return results.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
}
