// Lets tests write batches as letters. Each letter stands for one slot of a core.

import type { Core, Priority } from "../../src/core/core.ts";

/** The character of `turn` for an entry that was released. */
export const TOMBSTONE = "-";

export class Script {
  readonly core: Core;
  readonly #ids = new Map<string, number>();
  readonly #letters = new Map<number, string>();

  constructor(core: Core) {
    this.core = core;
  }

  /** The id of a letter, which gets a slot when it is first used. */
  id(letter: string): number {
    const known = this.#ids.get(letter);
    if (known !== undefined) return known;
    const id = this.core.allocate();
    this.#ids.set(letter, id);
    this.#letters.set(id, letter);
    return id;
  }

  push(letters: string): void {
    for (const letter of letters) this.core.push(this.id(letter));
  }

  schedule(letters: string, priority: Priority): void {
    for (const letter of letters) this.core.schedule(this.id(letter), priority);
  }

  addTimers(letters: string, when: number): void {
    for (const letter of letters) this.core.addTimer(this.id(letter), when);
  }

  release(letters: string): void {
    for (const letter of letters) {
      const id = this.id(letter);
      this.core.release(id);
      this.#ids.delete(letter);
      this.#letters.delete(id);
    }
  }

  /** One whole turn. Calls `before` before each entry is taken. */
  turn(now = 0, before: (index: number) => void = () => {}): string {
    let trace = "";
    const count = this.core.turn(now);
    for (let index = 0; index < count; index++) {
      before(index);
      const id = this.core.take();
      trace += id === 0 ? TOMBSTONE : (this.#letters.get(id) ?? "?");
    }
    return trace;
  }
}

export function allocateMany(core: Core, count: number): number[] {
  return Array.from({ length: count }, () => core.allocate());
}

/** The ids of one whole turn. */
export function takeTurn(core: Core, now = 0): number[] {
  return Array.from({ length: core.turn(now) }, () => core.take());
}

/** The integers below `count`, each once, in an order that looks random and is always the same. */
export function shuffled(count: number): number[] {
  const numbers = Array.from({ length: count }, (_, index) => index);
  let state = 1;
  for (let index = count - 1; index > 0; index--) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    const other = state % (index + 1);
    const number = numbers[index] as number;
    numbers[index] = numbers[other] as number;
    numbers[other] = number;
  }
  return numbers;
}
