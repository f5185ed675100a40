// After each snapshot of the target, fetches the stack frames of selected tasks. Fetching the
// frames of all tasks once a second would take too long.

import type { ThreadReading } from "../inspector/node/inTarget.ts";
import { libraryOf, type Mapping, type Target } from "../inspector/node/target.ts";
import type { FrameSnapshot, TaskSnapshot } from "../inspector/types.ts";
import { inSource } from "./sourceMaps.ts";

/** How many frames to fetch with one request. The target pauses during each request. */
const FRAMES_AT_ONCE = 100;

export class TaskFrames {
  readonly #target: Target;
  /** The names of the coroutines of tasks. */
  #names = new Map<number, string>();
  /** For each task of the reading, the index of its first frame. */
  #offsets = new Map<number, number>();
  /** The function that marks frames of this package, and the ids of the loops it was made for. */
  #library: { readonly ids: string; readonly mark: Mapping } | undefined;

  constructor(target: Target) {
    this.#target = target;
  }

  /** Uses `reading` from now on, and fetches the coroutine names of tasks that are new in it. */
  async take(reading: ThreadReading): Promise<void> {
    const { loops } = reading;
    this.#offsets = new Map();
    let at = 0;
    for (const { id, stack } of loops.flatMap(({ tasks }) => tasks)) {
      this.#offsets.set(id, at);
      at += stack.length;
    }
    await this.#learnNames();
    const ids = loops.map(({ loop }) => loop.id).join();
    if (this.#library?.ids !== ids) {
      this.#library = { ids, mark: await libraryOf(this.#target, reading, inSource) };
    }
  }

  /** Returns the name of the coroutine of a task. */
  nameOf(task: number): string {
    return this.#names.get(task) ?? "";
  }

  /** Marks a frame if it belongs to this package. */
  readonly mark: Mapping = (frame) => this.#library?.mark(frame) ?? frame;

  /** Returns the stacks of some tasks of the last reading, with locations in the source. */
  async stacksOf(tasks: readonly TaskSnapshot[]): Promise<FrameSnapshot[][]> {
    const frames = await this.#framesAt(
      tasks.flatMap(({ id, stack }) => stack.map((_, at) => (this.#offsets.get(id) ?? 0) + at)),
    );
    let at = 0;
    return tasks.map(({ stack }) =>
      stack.map((frame) => this.mark(inSource(frames[at++] ?? frame))),
    );
  }

  /**
   * Fetches the coroutine names of new tasks. Each name is fetched once, because a task never
   * changes its outermost function.
   */
  async #learnNames(): Promise<void> {
    const names = new Map<number, string>();
    const unknown: number[] = [];
    for (const id of this.#offsets.keys()) {
      const name = this.#names.get(id);
      if (name === undefined) unknown.push(id);
      else names.set(id, name);
    }
    const frames = await this.#framesAt(unknown.map((id) => this.#offsets.get(id) ?? 0));
    for (const [index, id] of unknown.entries()) names.set(id, frames[index]?.functionName ?? "");
    this.#names = names;
  }

  async #framesAt(indices: readonly number[]): Promise<FrameSnapshot[]> {
    const frames: FrameSnapshot[] = [];
    for (let at = 0; at < indices.length; at += FRAMES_AT_ONCE) {
      frames.push(...(await this.#target.frames(indices.slice(at, at + FRAMES_AT_ONCE))));
    }
    return frames;
  }
}
