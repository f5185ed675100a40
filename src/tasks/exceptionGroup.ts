import { checkFunction, wrongType } from "../loop/arguments.ts";

/** Which errors to take: a class of errors, or a function that tells. */
export type ErrorPredicate =
  | (abstract new (
      ...args: never
    ) => Error)
  | ((error: unknown) => boolean);

/**
 * Several errors that happened side by side, as one. What a task group throws. Like Python's `ExceptionGroup`.
 *
 * Groups nest, and what is taken out of one keeps the structure, the message, the cause and the stack of the whole.
 *
 * Unlike Python's it is what JavaScript knows as an `AggregateError`, and there is no `except*`: `split` stands in.
 *
 * @example
 * try {
 *   yield* taskGroup(serveAll);
 * } catch (error) {
 *   if (!(error instanceof ExceptionGroup)) throw error;
 *   const [timeouts, rest] = error.split(TimeoutError);
 *   if (timeouts !== undefined) console.warn(`${timeouts.errors.length} were too slow`);
 *   if (rest !== undefined) throw rest;
 * }
 */
export class ExceptionGroup extends AggregateError {
  override name = "ExceptionGroup";

  /**
   * @param errors at least one; whatever can be thrown.
   * @throws TypeError if `errors` is not iterable. @throws RangeError if it is empty.
   */
  constructor(errors: Iterable<unknown>, message?: string, options?: ErrorOptions) {
    if (typeof (errors as Partial<Iterable<unknown>> | null)?.[Symbol.iterator] !== "function") {
      throw wrongType("errors", "a list of errors", errors);
    }
    const all = [...errors];
    if (all.length === 0) {
      throw new RangeError("Expected `errors` to have at least one error, got none");
    }
    super(all, message, options);
  }

  /**
   * The errors that match, and the others, each as a group; undefined for a half without any.
   *
   * @param predicate is asked for this group first, then for what is in it. A group that matches is taken whole.
   * @throws TypeError if `predicate` is neither a class of errors nor a function.
   */
  split(
    predicate: ErrorPredicate,
  ): [matching: ExceptionGroup | undefined, rest: ExceptionGroup | undefined] {
    return this.#split(asFunction(predicate));
  }

  /**
   * The errors that match, as a group; undefined if none does. The first half of `split`.
   *
   * @throws TypeError if `predicate` is neither a class of errors nor a function.
   */
  subgroup(predicate: ErrorPredicate): ExceptionGroup | undefined {
    return this.split(predicate)[0];
  }

  /** Groups nest to any depth: so a list of those that are open, and no recursion. */
  #split(
    matches: (error: unknown) => boolean,
  ): [ExceptionGroup | undefined, ExceptionGroup | undefined] {
    if (matches(this)) return [this, undefined];
    const path = [halvesOf(this)];
    for (;;) {
      const { group, left, matching, rest } = path.at(-1) as Halves;
      const { done, value: error } = left.next();
      if (done) {
        path.pop();
        const [inside, outside] = [group.#part(matching), group.#part(rest)];
        const outer = path.at(-1);
        if (outer === undefined) return [inside, outside];
        if (inside !== undefined) outer.matching.push(inside);
        if (outside !== undefined) outer.rest.push(outside);
      } else if (matches(error)) matching.push(error);
      else if (error instanceof ExceptionGroup) path.push(halvesOf(error));
      else rest.push(error);
    }
  }

  #part(errors: unknown[]): ExceptionGroup | undefined {
    if (errors.length === 0) return undefined;
    // A cause of undefined is a cause too: there must be none where the whole has none.
    const options = "cause" in this ? { cause: this.cause } : undefined;
    const part = new ExceptionGroup(errors, this.message, options);
    Object.defineProperty(part, "stack", {
      value: this.stack,
      configurable: true,
      writable: true,
    });
    return part;
  }
}

interface Halves {
  readonly group: ExceptionGroup;
  readonly left: Iterator<unknown>;
  readonly matching: unknown[];
  readonly rest: unknown[];
}

function halvesOf(group: ExceptionGroup): Halves {
  return { group, left: group.errors.values(), matching: [], rest: [] };
}

function asFunction(predicate: ErrorPredicate): (error: unknown) => boolean {
  checkFunction("predicate", predicate);
  const { prototype } = predicate;
  // Every class of errors inherits these two names, whichever realm its `Error` is of.
  return "name" in Object(prototype) && "message" in prototype
    ? (error) => error instanceof (predicate as abstract new () => Error)
    : (predicate as (error: unknown) => boolean);
}
