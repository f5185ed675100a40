// Errors between a program and its fleet.

/** A call could not be submitted, or its data could not be read. */
export class FleetError extends Error {
  override name = "FleetError";
}

/**
 * The server has not replied for longer than the option `unreachable` allows. The call may have
 * run, may be running, or may never run.
 */
export class FleetUnreachableError extends FleetError {
  override name = "FleetUnreachableError";
}

/** Returns the error of a call that could not be submitted. */
export function submissionError(cause: unknown): FleetError {
  if (cause instanceof FleetError) return cause;
  return new FleetError("The call could not be submitted", { cause });
}

/** Returns the error of a call whose id belongs to another call. */
export function idConflict(id: string | undefined): FleetError {
  const name = JSON.stringify(id);
  return new FleetError(
    `The id ${name} belongs to a call of another task, or with other arguments`,
  );
}
