import { checkCoroutine } from "./awaitable.ts";
import { Call } from "./kernel/call.ts";
import { isCoroutine } from "./kernel/coroutine.ts";
import { type AnyGenerator, delegateTo, generatorPrototype } from "./kernel/generators.ts";

/**
 * Returns the generator that a call should drive, given what the body of a block `returned`.
 *
 * A `yield*` of the returned coroutine would be slower: most bodies are functions that were just
 * created, so the engine would look up the methods of each generator again.
 *
 * @throws TypeError if the body returned no coroutine or future
 * @throws InvalidStateError if the coroutine was awaited before
 */
export function startBlock(returned: unknown): AnyGenerator {
  const coro = isCoroutine(returned) ? returned : checkCoroutine("body", () => returned as never);
  const object: object = coro;
  if (object instanceof Call) return object._begin()._generator;
  // A coroutine object of this package, or of another copy of it, inherits from generators too, but
  // through more prototypes.
  const isNative = Object.getPrototypeOf(Object.getPrototypeOf(object)) === generatorPrototype;
  return isNative ? coro : delegateTo(coro);
}
