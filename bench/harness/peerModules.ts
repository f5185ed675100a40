// The libraries to compare with, which are installed on request.

import { at } from "./paths.ts";
import { setUp } from "./results.ts";

const NAMES = [
  "effect",
  "effection",
  "co",
  "bluebird",
  "pLimit",
  "pQueue",
  "rxjs",
  "asyncio",
  "uvloop",
] as const;

/** Installs the peers. Returns the URLs of their modules. */
export function installPeers(): string[] {
  setUp("bench/peers");
  return NAMES.map((name) => at(`bench/peers/build/${name}.js`).href);
}
