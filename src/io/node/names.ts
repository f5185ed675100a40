import { ADDRCONFIG, ALL, V4MAPPED } from "node:dns";
import { lookup } from "node:dns/promises";
import { checkOptions, checkString, describe, wrongType } from "../../loop/arguments.ts";
import type { Coroutine } from "../../tasks/coroutine.ts";
import { fromPromise } from "../../tasks/fromPromise.ts";

/** Where to reach somebody. */
export interface AddressInfo {
  readonly family: 4 | 6;
  /** As text, such as `"127.0.0.1"` or `"::1"`. */
  readonly address: string;
  readonly port: number;
}

/** What to look for. */
export interface NameOptions {
  /** Addresses of which version of IP: by default 0, both. */
  readonly family?: 0 | 4 | 6 | undefined;
  /** In which order: by default as the system gives them. */
  readonly order?: "verbatim" | "ipv4first" | "ipv6first" | undefined;
  /** Flags of `node:dns`: `ADDRCONFIG`, `V4MAPPED`, `ALL`, or a sum of them. */
  readonly hints?: number | undefined;
}

const FAMILIES: readonly unknown[] = [0, 4, 6];
const ORDERS: readonly unknown[] = ["verbatim", "ipv4first", "ipv6first"];
const HIGHEST_PORT = 65535;

/**
 * Looks a name up: every address of `host`, by the system's own resolver, the best first. Like `loop.getaddrinfo`.
 *
 * `port` is only copied into the results. A cancel ends the wait; the look-up itself cannot be stopped, and what it
 * finds is dropped.
 *
 * Unlike asyncio's, the port is a number and never the name of a service, and there is one result for each address
 * instead of one for each kind of socket.
 *
 * @throws TypeError and RangeError for wrong arguments.
 * @throws Error of Node's, with a `code` such as `"ENOTFOUND"`, if nothing is found.
 */
export function getaddrinfo(
  host: string,
  port = 0,
  options: NameOptions = {},
): Coroutine<AddressInfo[]> {
  checkString("host", host);
  checkPort("port", port);
  checkOptions(options);
  const { family = 0, order = "verbatim", hints = 0 } = options;
  if (!FAMILIES.includes(family)) throw wrongType("family", "0, 4 or 6", family);
  if (!ORDERS.includes(order))
    throw wrongType("order", 'one of "verbatim", "ipv4first", "ipv6first"', order);
  if (typeof hints !== "number" || (hints & ~(ADDRCONFIG | V4MAPPED | ALL)) !== 0) {
    throw wrongType("hints", "a sum of ADDRCONFIG, V4MAPPED and ALL of `node:dns`", hints);
  }
  return lookUp(host, port, { family, order, hints });
}

function* lookUp(
  host: string,
  port: number,
  options: { readonly [K in keyof NameOptions]-?: NonNullable<NameOptions[K]> },
): Coroutine<AddressInfo[]> {
  const found = yield* fromPromise(lookup(host, { ...options, all: true }));
  return found.map(({ family, address }) => ({ family: family as 4 | 6, address, port }));
}

/** `TypeError` unless `value` is a number, `RangeError` unless it is one of a port. */
export function checkPort(name: string, value: unknown): void {
  if (typeof value !== "number") throw wrongType(name, "a number", value);
  if (Number.isInteger(value) && value >= 0 && value <= HIGHEST_PORT) return;
  throw new RangeError(
    `Expected \`${name}\` to be a whole number from 0 to ${HIGHEST_PORT}, got ${describe(value)}`,
  );
}
