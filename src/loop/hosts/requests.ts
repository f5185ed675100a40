/**
 * Returns whether work started in one request must not complete in another, as on Cloudflare
 * Workers.
 */
export function isolatesRequests(): boolean {
  const { navigator } = globalThis as { navigator?: { userAgent?: string } };
  return navigator?.userAgent === "Cloudflare-Workers";
}
