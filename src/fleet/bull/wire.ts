// Converts calls to job data, and checks the data of jobs, because anyone may have written it.

import type { CallOutcome, WireCall } from "../engine.ts";
import { FleetError } from "../errors.ts";

/** A job's data, as JSON: the call and its history. */
export interface JobData extends Omit<WireCall, "id" | "task" | "delay" | "priority"> {
  /** When it was submitted, in milliseconds of the server's clock. */
  readonly submitted: number;
  /** Whether an earlier submission, cut off by a broken connection, may already have run. */
  readonly isRepeated?: true;
  /** How many times a worker took it and put it back without starting it. */
  readonly skipped?: number;
  /** Since when no live worker has known its task. */
  readonly unknownSince?: number;
}

export function dataOf(call: WireCall, submitted: number, isRepeated: boolean): JobData {
  const { id: _id, task: _task, delay: _delay, priority: _priority, ...rest } = call;
  return { ...rest, submitted, ...(isRepeated && { isRepeated }) };
}

/** Returns a job's call. @throws FleetError if the job is not a fleet call. */
export function callOf(id: string, task: string, data: unknown): WireCall & JobData {
  const fields = (typeof data === "object" && data !== null ? data : {}) as Partial<JobData>;
  const { backoff } = fields;
  const isWhole =
    [fields.client, fields.args].every(isString) &&
    [fields.attempts ?? 0, fields.keep, fields.submitted].every(isNumber) &&
    [fields.grace ?? 0, fields.timeout ?? 0, fields.skipped ?? 0, fields.unknownSince ?? 0].every(
      isNumber,
    ) &&
    (fields.context === undefined || isString(fields.context)) &&
    [backoff?.delay, backoff?.factor, backoff?.jitter].every(isNumber);
  if (!isWhole) throw new FleetError(`The job ${JSON.stringify(id)} is not a call of a fleet`);
  // JSON stores Infinity as null.
  const { grace, attempts } = fields as { grace: number | null; attempts: number | null };
  return {
    ...(fields as JobData),
    id,
    task,
    grace: grace ?? Infinity,
    attempts: attempts ?? Infinity,
    delay: 0,
    priority: 1,
    retriesErrors: fields.retriesErrors === true,
    isDetached: fields.isDetached === true,
  };
}

const KINDS = ["value", "error", "cancelled", "timeout", "lost"];

/** Parses a stored outcome. Returns a `lost` outcome if it cannot be read. */
export function outcomeOf(text: string): CallOutcome {
  try {
    const outcome = JSON.parse(text) as CallOutcome & {
      value?: unknown;
      error?: unknown;
      message?: unknown;
    };
    const body =
      outcome.kind === "value" ? outcome.value : outcome.kind === "error" ? outcome.error : "";
    if (KINDS.includes(outcome.kind) && typeof body === "string" && isString(outcome.worker)) {
      return outcome;
    }
  } catch {
    // Handled below.
  }
  return { kind: "lost", message: "The outcome of the call could not be read", worker: "" };
}

function isString(value: unknown): boolean {
  return typeof value === "string";
}

function isNumber(value: unknown): boolean {
  return typeof value === "number" && !Number.isNaN(value);
}
