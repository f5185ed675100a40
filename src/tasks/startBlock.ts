import { checkCoroutine } from "./awaitable.ts";
import { Call } from "./kernel/call.ts";
import { isCoroutine } from "./kernel/coroutine.ts";
import { type AnyGenerator, delegateTo, generatorPrototype } from "./kernel/generators.ts";

/**
 * Returns the generator for a call to drive, given what the body of a block `returned`.
 *
 * `yield*` on it would be slower: most blocks are functions that were just created, so the engine
 * would look up the methods of each generator again.
 *
 * @throws TypeError if `body` does not return a coroutine
 * @throws InvalidStateError if that coroutine was awaited before
 */
export function startBlock(returned: unknown): AnyGenerator {
  const coro = isCoroutine(returned) ? returned : checkCoroutine("body", () => returned as never);
  const object: object = coro;
  if (object instanceof Call) return object._begin()._generator;
  // A coroutine object of ours or of another copy of this package inherits from generators too, but
  // less directly.
  const isNative = Object.getPrototypeOf(Object.getPrototypeOf(object)) === generatorPrototype;
  return isNative ? coro : delegateTo(coro);
}
