#!/usr/bin/env node
// The `mysyncio` command: runs the subcommand named by its first argument.

import { findWarnings } from "./findWarnings.ts";
import { inspect } from "./inspect.ts";
import { ps, pstree } from "./ps.ts";
import { top } from "./top.ts";
import { trace } from "./trace.ts";
import { UsageError, usage, usageOf } from "./usage.ts";

const COMMANDS: Readonly<Record<string, (args: string[]) => Promise<void>>> = {
  inspect,
  ps,
  pstree,
  top,
  trace,
  warnings: findWarnings,
  // Loaded only when it is needed, because it imports most of the package.
  worker: async (args) => (await import("./worker.ts")).worker(args),
};

const [name = "", ...args] = process.argv.slice(2);
const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
if (command === undefined) {
  const isHelp = ["help", "--help", "-h"].includes(name);
  (isHelp ? console.log : console.error)(usage(isHelp || name === "" ? undefined : name));
  process.exitCode = isHelp ? 0 : 2;
} else if (args.some((arg) => arg === "--help" || arg === "-h")) {
  console.log(usageOf(name));
} else {
  try {
    await command(args);
  } catch (error) {
    if (error instanceof UsageError) console.error(`${usageOf(name)}\n${error.message}`);
    else console.error(error);
    process.exitCode = error instanceof UsageError ? 2 : 1;
  }
}
