import { checkFunction, wrongType } from "../lang/arguments.ts";
import { isInstance } from "../lang/thrown.ts";

/** Selects errors: an error class, or a function that returns whether an error matches. */
export type ErrorPredicate =
  | (abstract new (
      ...args: never
    ) => Error)
  | ((error: unknown) => boolean);

/**
 * Several concurrent errors, combined into one. Thrown by task groups. Like Python's
 * `ExceptionGroup`.
 *
 * Groups may nest. `split` and `subgroup` keep the nesting, and each group's message, cause and
 * stack.
 *
 * Unlike Python's, it is an `AggregateError`. Use `split` instead of `except*`.
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
   * @param errors at least one thrown value.
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
   * Returns two groups: the matching errors and the others. A group without errors is undefined.
   *
   * @param predicate tested on this group first, then on its members. A group that matches is taken
   * as a whole.
   * @throws TypeError if `predicate` is neither an error class nor a function.
   */
  split(
    predicate: ErrorPredicate,
  ): [matching: ExceptionGroup | undefined, rest: ExceptionGroup | undefined] {
    return this.#split(asFunction(predicate));
  }

  /**
   * Returns the matching errors as a group, or undefined if there are none: the first half of
   * `split`.
   *
   * @throws TypeError if `predicate` is neither an error class nor a function.
   */
  subgroup(predicate: ErrorPredicate): ExceptionGroup | undefined {
    return this.split(predicate)[0];
  }

  /**
   * If this group holds a single error, returns that error, even if nested groups wrap it.
   * Otherwise returns the group itself.
   *
   * @example
   * throw error instanceof ExceptionGroup ? error.unwrap() : error;
   */
  unwrap(): unknown {
    let error: unknown = this;
    while (isInstance(error, ExceptionGroup) && error.errors.length === 1) [error] = error.errors;
    return error;
  }

  /** Keeps a list of open groups instead of recursing, because groups may nest to any depth. */
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
      else if (isInstance(error, ExceptionGroup)) path.push(halvesOf(error));
      else rest.push(error);
    }
  }

  #part(errors: unknown[]): ExceptionGroup | undefined {
    if (errors.length === 0) return undefined;
    // `{ cause: undefined }` would create a property that this group doesn't have.
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
  // The prototypes of all error classes have these two properties, in any realm.
  return "name" in Object(prototype) && "message" in prototype
    ? (error) => isInstance(error, predicate as abstract new () => Error)
    : (predicate as (error: unknown) => boolean);
}
