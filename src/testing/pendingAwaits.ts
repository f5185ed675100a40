import { isFuture } from "../tasks/kernel/future.ts";

/** The marked awaits that are still pending. */
export class PendingAwaits {
  /** By awaited future or promise, the place of the await. */
  readonly #places = new Map<object, string>();

  add(place: string, awaited: unknown): void {
    if (isFuture(awaited)) {
      this.#places.set(awaited, place);
    } else if (isNativePromise(awaited)) {
      this.#places.set(awaited, place);
      const remove = () => this.#places.delete(awaited);
      // Not `awaited.then`, which a program may have replaced.
      Reflect.apply(Promise.prototype.then, awaited, [remove, remove]);
    }
  }

  /** Returns the places of the pending awaits, oldest first, each once. */
  list(): string[] {
    const counts = new Map<string, number>();
    for (const [awaited, place] of this.#places) {
      if (isFuture(awaited) && awaited.done()) continue;
      counts.set(place, (counts.get(place) ?? 0) + 1);
    }
    return Array.from(counts, ([place, count]) => (count > 1 ? `${place}, ${count} times` : place));
  }
}

/** Returns whether a reaction can be added without calling code of the program. */
function isNativePromise(value: unknown): value is Promise<unknown> {
  return value instanceof Promise && value.constructor === Promise;
}
