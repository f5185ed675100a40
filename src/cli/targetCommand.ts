// What the commands that look into a target share: their arguments, and how they end.

import { type ParseArgsConfig, parseArgs } from "node:util";
import { openTarget, parseAddress } from "../inspector/node/openTarget.ts";
import { type Target, TargetError } from "../inspector/node/target.ts";
import { printableText } from "./printable.ts";
import { UsageError } from "./usage.ts";

type Options = NonNullable<ParseArgsConfig["options"]>;
type Values<O extends Options> = ReturnType<
  typeof parseArgs<{ args: string[]; options: O; allowPositionals: true }>
>["values"];

/** How many seconds a process may take to open its inspector. */
const TIMEOUT = 10;

/** Like `withTargets`, for a command that has one target. */
export function withTarget<O extends Options, T>(
  args: string[],
  options: O,
  check: (values: Values<O>) => T,
  use: (target: Target, checked: T, openTimeout: number) => Promise<void>,
): Promise<void> {
  const useFirst = ([target]: readonly Target[], checked: T, openTimeout: number) =>
    use(target as Target, checked, openTimeout);
  return withTargets(args, options, check, useFirst, 1);
}

/**
 * Reads the arguments of a command, checks them, connects to the targets, calls `use`, and
 * disconnects. If a target can't be inspected, prints why.
 *
 * @param check checks and converts the values of the options, before anything happens to a target
 * @param use gets the targets, what `check` returned, and how many milliseconds a process may take
 * to open its inspector
 * @param most how many targets the command accepts
 */
export async function withTargets<O extends Options, T>(
  args: string[],
  options: O,
  check: (values: Values<O>) => T,
  use: (targets: readonly Target[], checked: T, openTimeout: number) => Promise<void>,
  most = Infinity,
): Promise<void> {
  const { values, positionals } = parsed(args, { ...options, timeout: { type: "string" } });
  const addresses = positionals.flatMap((text) => parseAddress(text) ?? []);
  const different = new Set(positionals).size;
  const isValid = addresses.length === different && different === positionals.length;
  if (!isValid || different === 0 || different > most) {
    throw new UsageError(
      `Expected one target${most === 1 ? "" : ", or several different ones"}: a PID, PID/WORKER, the path of a socket, or a DevTools address that begins with ws://, got "${positionals.join(" ")}"`,
    );
  }
  const timeout = seconds("--timeout", (values as { timeout?: string }).timeout) ?? TIMEOUT;
  const checked = check(values as Values<O>);
  try {
    const openTimeout = timeout * 1_000;
    const targets: Target[] = [];
    try {
      for (const address of addresses) targets.push(await openTarget(address, openTimeout));
      await use(targets, checked, openTimeout);
    } finally {
      for (const target of targets) await target.close();
    }
  } catch (error) {
    if (!(error instanceof TargetError)) throw error;
    console.error(printableText(error.message));
    process.exitCode = 1;
  }
}

function parsed<O extends Options>(args: string[], options: O) {
  try {
    return parseArgs({ args, options, allowPositionals: true });
  } catch (error) {
    throw new UsageError((error as Error).message, { cause: error });
  }
}

/** Reads an option that is a whole number, at least `least`. Undefined if it is not given. */
export function count(name: string, text: string | undefined, least = 1): number | undefined {
  if (text === undefined) return undefined;
  const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= least) return value;
  throw new UsageError(`Expected ${name} to be a whole number >= ${least}, got "${text}"`);
}

/** Reads an option that is a number of seconds. Undefined if it is not given. */
export function seconds(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const value = /^\d{1,6}(\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
  if (value > 0) return value;
  throw new UsageError(`Expected ${name} to be a number of seconds > 0, got "${text}"`);
}
