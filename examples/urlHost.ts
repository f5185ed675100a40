import type { AddressInfo } from "node:net";

/** The address of a server as written in a URL: `127.0.0.1:7000`, `[::1]:7000`. */
export function urlHost(where: AddressInfo | string | null): string {
  const { address, family, port } = where as AddressInfo;
  return family === "IPv6" ? `[${address}]:${port}` : `${address}:${port}`;
}
