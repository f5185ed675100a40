/** Numbers from which one can be picked, added and removed in constant time. */
export class Bag {
  readonly #members: number[] = [];
  readonly #indices = new Map<number, number>();

  add(member: number): void {
    this.#indices.set(member, this.#members.length);
    this.#members.push(member);
  }

  delete(member: number): void {
    const index = this.#indices.get(member);
    if (index === undefined) throw new Error(`Expected ${member} to be in the bag`);
    this.#indices.delete(member);
    const last = this.#members.pop() as number;
    if (last === member) return;
    this.#members[index] = last;
    this.#indices.set(last, index);
  }

  has(member: number): boolean {
    return this.#indices.has(member);
  }

  /** The member that `pick` selects, or `undefined` if there is none. */
  pick(pick: number): number | undefined {
    return this.#members[pick % this.#members.length];
  }
}
