// Computes the ids of trace arrows between a call and what runs it. Both sides compute the same id,
// each on its own.

/** Returns the id of a call with that key: a hash of 52 bits. */
export function callId(key: string): number {
  // FNV-1a with two multipliers. Its upper bits are mixed best.
  let high = 1;
  let low = 2;
  for (const unit of key) {
    high = Math.imul(high ^ unit.charCodeAt(0), 2_654_435_761);
    low = Math.imul(low ^ unit.charCodeAt(0), 1_597_334_677);
  }
  return (high >>> 12) * 2 ** 32 + (low >>> 0);
}
