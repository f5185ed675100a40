// Computes the id of the trace arrow between the caller of a call and what runs it. Each side
// computes the same id from the call's key.

/** Returns the id of the call with the given key: a hash of 52 bits. */
export function callId(key: string): number {
  // FNV-1a, once for each half, with different multipliers. The lowest bits of `high` are dropped,
  // because the upper ones are mixed better.
  let high = 1;
  let low = 2;
  for (const unit of key) {
    high = Math.imul(high ^ unit.charCodeAt(0), 2_654_435_761);
    low = Math.imul(low ^ unit.charCodeAt(0), 1_597_334_677);
  }
  return (high >>> 12) * 2 ** 32 + (low >>> 0);
}
