/**
 * Follows waits: yields the pending futures that `start` leads to, beginning with `start` itself.
 * Each is yielded once, depth first and in the order of `next`. Not recursive, because gathers of
 * gathers may be deep.
 *
 * @param next returns the futures that a future leads to
 * @param seen the futures that were yielded before, which are left out
 */
export function* pendingFrom<F extends { done(): boolean }>(
  start: F,
  next: (future: F) => Iterable<F>,
  seen = new Set<F>(),
): Generator<F, void> {
  const rest = [start];
  for (let future = rest.pop(); future !== undefined; future = rest.pop()) {
    if (future.done() || seen.has(future)) continue;
    seen.add(future);
    yield future;
    rest.push(...[...next(future)].reverse());
  }
}
