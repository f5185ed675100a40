// Tries every schedule once, starting with those that depart least often from the default.
//
// A schedule is a path through a tree of choices. The default is choice 0. Once no further
// preemption (see `ExhaustivePolicy`) is allowed, the default is the task that took the last step,
// if that task is ready again. After its last departure from the default, a schedule follows the
// default, so the path up to that departure identifies the schedule. Each completed path yields the
// paths to try later: those that depart once more, after its last departure.
//
//   0 0 0 0 ─┬─ 1 0 0 0 ─┬─ 1 1 0 0 ...          here, 0 is always the default
//            │           └─ 1 0 1 0 ...
//            ├─ 0 1 0 0 ─── 0 1 1 0 ...
//            └─ ...
//
// Breadth first, because most bugs need few departures, and because a task that polls a flag
// makes the tree infinitely deep.

import type { Policy } from "./exploringCore.ts";
import { choiceDiffers } from "./nondeterminism.ts";

/** A schedule that was run to its end. */
interface Path {
  readonly chosen: readonly number[] | Uint8Array;
  readonly counts: readonly number[] | Uint8Array;
  /** 1 at each choice where the bound on preemptions allows alternatives. */
  readonly open: readonly number[] | Uint8Array;
  /** The index of the first choice after its last departure. */
  readonly from: number;
  next: Path | undefined;
}

/** The candidates at an await: not delayed, or delayed. */
const DELAYS: readonly number[] = [0, 1];

/**
 * Follows a new schedule in each run, until none is left.
 *
 * A preemption is a choice of another task although the one that took the last step is ready again.
 * Schedules with more than `maxPreemptions` preemptions are skipped.
 */
export class ExhaustivePolicy implements Policy {
  /** Describes how the program differed from an earlier run; undefined if it did not. */
  mismatch: string | undefined;
  readonly #maxPreemptions: number;
  /** The path that this run follows up to choice `#at`, where it picks `#alternative`. */
  #path: Path | undefined;
  #last: Path | undefined;
  #at = -1;
  #alternative = 0;
  readonly #chosen: number[] = [];
  readonly #counts: number[] = [];
  readonly #open: number[] = [];
  #preemptions = 0;

  constructor(maxPreemptions: number) {
    this.#maxPreemptions = maxPreemptions;
  }

  choose(ready: readonly number[], current: number): number {
    const count = ready.length;
    const isOpen = current < 0 || this.#preemptions < this.#maxPreemptions;
    const choice = this.#choose(this.#chosen.length, count, isOpen ? 0 : current);
    if (current >= 0 && choice !== current) this.#preemptions++;
    this.#chosen.push(choice);
    this.#counts.push(count);
    this.#open.push(Number(isOpen));
    return choice;
  }

  /** Chooses whether to delay an await. A delay counts as a preemption. */
  chooseDelay(): number {
    return this.choose(DELAYS, 0);
  }

  /** Proceeds to the next schedule. Returns false if none is left. */
  advance(): boolean {
    if (this.#chosen.length <= this.#at) {
      this.mismatch ??= choiceDiffers(this.#chosen.length, "the run continued", "it has ended");
    }
    this.#remember();
    for (let path = this.#path; path !== undefined; path = path.next) {
      if (path !== this.#path) {
        this.#path = path;
        this.#at = path.from;
        this.#alternative = 0;
      }
      for (; this.#at < path.chosen.length; this.#at++) {
        const count = path.counts[this.#at] as number;
        if (path.open[this.#at] === 1 && ++this.#alternative < count) return true;
        this.#alternative = 0;
      }
    }
    return false;
  }

  #choose(depth: number, count: number, fallback: number): number {
    const path = this.#path;
    if (path === undefined || depth > this.#at) return fallback;
    if (path.counts[depth] !== count) {
      this.mismatch ??= choiceDiffers(
        depth,
        `there were ${path.counts[depth]} candidates`,
        `there are ${count}`,
      );
    }
    const choice = depth === this.#at ? this.#alternative : (path.chosen[depth] as number);
    return Math.min(choice, count - 1);
  }

  /** Appends the path of this run to the list of paths to depart from. */
  #remember(): void {
    const path: Path = {
      chosen: pack(this.#chosen),
      counts: pack(this.#counts),
      open: pack(this.#open),
      from: this.#at + 1,
      next: undefined,
    };
    if (this.#last === undefined) {
      this.#path = path;
      this.#at = 0;
    } else {
      this.#last.next = path;
    }
    this.#last = path;
    this.#chosen.length = 0;
    this.#counts.length = 0;
    this.#open.length = 0;
    this.#preemptions = 0;
  }
}

/** Packs numbers into bytes if they fit, because a path is kept for each run. */
function pack(numbers: readonly number[]): readonly number[] | Uint8Array {
  return numbers.every((number) => number < 256) ? new Uint8Array(numbers) : [...numbers];
}
