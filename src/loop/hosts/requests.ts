/** Whether what one request began must not end in another one, as on Cloudflare Workers. */
export function isolatesRequests(): boolean {
  const { navigator } = globalThis as { navigator?: { userAgent?: string } };
  return navigator?.userAgent === "Cloudflare-Workers";
}
