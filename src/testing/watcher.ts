// What a run does, in words: who took which step, and who awaited what failed.
//
// Only a failing schedule is watched, in a run of its own in debug mode: places cost too much otherwise.

import { captureCallGraph, linesOf } from "../debug/callGraph.ts";
import { placeInWords } from "../debug/waitForGraph.ts";
import type { EventLoop } from "../eventLoop.ts";
import { Handle } from "../loop/handle.ts";
import { isFuture } from "../tasks/future.ts";
import { Task } from "../tasks/task.ts";
import { Timeout } from "../tasks/timeout.ts";

/** Names that tasks have by default count over all loops, and would be others in each run. */
const DEFAULT_NAME = /^Task-\d+$/;

export class Watcher {
  readonly steps: string[] = [];
  /** Who ran, in the order of first appearance. The first is `main`. */
  readonly #known = new Map<object, number>();
  /** Who takes the last step, and who awaited it before. */
  #last: { readonly task: Task<unknown>; readonly graph: readonly string[] } | undefined;
  /** Tasks that failed, in order, each with who awaited it. */
  readonly #failed: { readonly task: Task<unknown>; readonly graph: readonly string[] }[] = [];

  /** Called before each step. */
  onStep(runnable: object, count: number, loop: EventLoop): void {
    this.#settle();
    const among = count === 1 ? "" : `, one of ${count} that could`;
    const isNew = !this.#known.has(runnable);
    const who = this.nameOf(runnable);
    let what = "";
    if (runnable instanceof Task) {
      const { at } = runnable._waits();
      if (isNew) what = " starts";
      else what = at === undefined ? " goes on after a `yield`" : ` goes on in ${placeInWords(at)}`;
      // Whoever took the last step does not run any more.
      loop._slots.current = undefined;
      const graph = captureCallGraph(runnable);
      this.#last = graph && { task: runnable, graph: linesOf(graph, this.nameOf) };
    }
    this.steps.push(`${who}${what}${among}, at ${loop.time()} ms`);
  }

  /** Who awaited the task that failed with `error` first, in words; nothing if none did. To be called when the run is over. */
  graphOfFailure(error: unknown): readonly string[] {
    this.#settle();
    const failed = this.#failed.find(({ task }) => task._reason() === error);
    // Nobody awaits `main`.
    return failed === undefined || this.#known.get(failed.task) === 0 ? [] : failed.graph;
  }

  /** The same name in each run of a program. */
  readonly nameOf = (who: object): string => {
    if (who instanceof Handle) return `callback ${who._describe()}`;
    if (who instanceof Timeout) return "a timeout";
    if (isFuture(who) && !(who instanceof Task)) return "a sleep";
    if (!(who instanceof Task)) return "the cancel";
    const number = this.#known.get(who) ?? this.#known.size;
    this.#known.set(who, number);
    if (number === 0) return "`main`";
    const name = who.getName();
    return DEFAULT_NAME.test(name) ? `task ${number}` : `task ${number} ${JSON.stringify(name)}`;
  };

  /** Looks how the last step ended. */
  #settle(): void {
    const last = this.#last;
    this.#last = undefined;
    if (last?.task._hasFailed()) this.#failed.push(last);
  }
}
