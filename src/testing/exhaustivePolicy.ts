// Every schedule once, those first that depart least from the default.
//
// A schedule is a path through a tree of choices. After its last departure it follows the
// default, so it is told by the path up to there; and each path that was followed to its
// end tells which ones come next: those that depart once more, somewhere behind.
//
//   0 0 0 0 ─┬─ 1 0 0 0 ─┬─ 1 1 0 0 ...          choice 0 is the default
//            │           └─ 1 0 1 0 ...
//            ├─ 0 1 0 0 ─── 0 1 1 0 ...
//            └─ ...
//
// Breadth first: most bugs take few departures, and a task that waits in a loop for a flag
// makes the tree infinitely deep.

import type { Policy } from "./exploringCore.ts";
import { differs } from "./policies.ts";

/** A schedule that was followed to its end. */
interface Path {
  readonly chosen: readonly number[] | Uint8Array;
  readonly counts: readonly number[] | Uint8Array;
  /** Where there was more than the default to choose from, within the bound. */
  readonly open: readonly number[] | Uint8Array;
  /** The first choice behind its last departure. */
  readonly from: number;
  next: Path | undefined;
}

/**
 * Chooses something new in each run, until there is nothing new.
 *
 * A preemption is a choice against whoever took the last step and could go on. With a bound on their number, only those
 * schedules count that keep it.
 */
export class ExhaustivePolicy implements Policy {
  /** What shows that the program is not the same each time. */
  mismatch: string | undefined;
  readonly #maxPreemptions: number;
  /** The path that this run follows up to the choice `#at`, where it chooses `#alternative`. */
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

  /** Goes to the next schedule. Returns false if there is none. */
  advance(): boolean {
    if (this.#chosen.length <= this.#at) {
      this.mismatch ??= differs(this.#chosen.length, "the run went on", "it is over");
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
      this.mismatch ??= differs(depth, `${path.counts[depth]} were ready`, `${count} are`);
    }
    const choice = depth === this.#at ? this.#alternative : (path.chosen[depth] as number);
    return Math.min(choice, count - 1);
  }

  /** Puts the path of this run at the end of those whose departures are still to be tried. */
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

/** There are as many paths as runs. */
function pack(numbers: readonly number[]): readonly number[] | Uint8Array {
  return numbers.every((number) => number < 256) ? new Uint8Array(numbers) : [...numbers];
}
