import { ADDRCONFIG, ALL, V4MAPPED } from "node:dns";
import { checkOptions, checkString, outOfRange, wrongType } from "../../lang/arguments.ts";
import type { Coroutine } from "../../tasks/kernel/coroutine.ts";
import { procedure } from "../../tasks/lazyCall.ts";
import type { LookupOptions } from "../network.ts";
import { nodeNetwork } from "./network.ts";

/** An address and a port. */
export interface AddressInfo {
  readonly family: 4 | 6;
  /** As text, such as `"127.0.0.1"` or `"::1"`. */
  readonly address: string;
  readonly port: number;
}

/** How to resolve a name. */
export interface NameOptions {
  /** The IP version of the addresses. Default: 0, both. */
  readonly family?: 0 | 4 | 6 | undefined;
  /** The order of the addresses. Default: `"verbatim"`, as the system returns them. */
  readonly order?: "verbatim" | "ipv4first" | "ipv6first" | undefined;
  /** Flags of `node:dns`: `ADDRCONFIG`, `V4MAPPED`, `ALL`, or a sum of them. */
  readonly hints?: number | undefined;
}

const FAMILIES: readonly unknown[] = [0, 4, 6];
const ORDERS: readonly unknown[] = ["verbatim", "ipv4first", "ipv6first"];
const HIGHEST_PORT = 65535;

/**
 * Resolves a name to all its addresses, by the system's resolver. By default, the best address
 * comes first. Like `loop.getaddrinfo`.
 *
 * `port` is only copied into the results. A cancellation ends the wait and drops the result, but
 * can't stop the look-up itself.
 *
 * Unlike asyncio, `port` is a number and never the name of a service, and there is one result for
 * each address instead of one for each type of socket.
 *
 * @throws TypeError, RangeError for invalid arguments.
 * @throws Node's error, with a `code` such as `"ENOTFOUND"`, if nothing is found.
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
  return procedure(lookUp(host, port, { family, order, hints }));
}

function* lookUp(host: string, port: number, options: LookupOptions): Coroutine<AddressInfo[]> {
  const found = yield* nodeNetwork.lookup(host, options);
  return found.map(({ family, address }) => ({ family, address, port }));
}

/** @throws TypeError, RangeError unless `value` is a port number */
export function checkPort(name: string, value: unknown): void {
  if (typeof value !== "number") throw wrongType(name, "a number", value);
  if (Number.isInteger(value) && value >= 0 && value <= HIGHEST_PORT) return;
  throw outOfRange(name, `a whole number from 0 to ${HIGHEST_PORT}`, value);
}
