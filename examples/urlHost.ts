import type { AddressInfo } from "node:net";

/** A server's address as it stands in a URL: `127.0.0.1:7000`, `[::1]:7000`. */
export function urlHost(where: AddressInfo | string | null): string {
  const { address, family, port } = where as AddressInfo;
  return family === "IPv6" ? `[${address}]:${port}` : `${address}:${port}`;
}
