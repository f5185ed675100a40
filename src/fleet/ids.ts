// Ids on the server. BullMQ rejects ids that contain a colon or are integers.

/** Returns the server's id for a call named `id` by its caller. */
export function wireId(id: string): string {
  // A lone surrogate cannot be encoded, so replace it.
  const whole = new TextDecoder().decode(new TextEncoder().encode(id));
  return `id.${encodeURIComponent(whole)}`;
}

/**
 * Returns the key that identifies a call in traces and snapshots. Its caller and its worker can
 * both compute it.
 */
export function keyOfFleetCall(id: string): string {
  return `fleet ${id}`;
}
