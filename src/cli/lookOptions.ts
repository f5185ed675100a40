// The options of commands that look at a target for some seconds.

import { count, seconds } from "./targetCommand.ts";

export const LOOK_OPTIONS = {
  json: { type: "boolean" },
  limit: { type: "string" },
  seconds: { type: "string" },
} as const;

export interface LookOptions {
  readonly json: boolean;
  /** The maximum number of groups to show, or of warnings of each kind. */
  readonly limit: number;
  /** How long to look. */
  readonly seconds: number;
}

/** Reads the options of a command that looks at a target. @throws UsageError if one is invalid */
export function lookOptions(
  values: { readonly json?: boolean; readonly limit?: string; readonly seconds?: string },
  defaults: Omit<LookOptions, "json">,
): LookOptions {
  return {
    json: values.json === true,
    limit: count("--limit", values.limit) ?? defaults.limit,
    seconds: seconds("--seconds", values.seconds) ?? defaults.seconds,
  };
}
