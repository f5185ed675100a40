import type { CancelledError } from "../loop/errors.ts";
import type { Scheduler } from "../loop/scheduler.ts";
import { Future } from "../tasks/future.ts";

/** That something came from outside. A clock that leaps has to wait for it. */
export class Arrival extends Future<void> {
  constructor(loop: Scheduler) {
    super(undefined, loop);
    loop._external++;
  }

  override _succeed(): void {
    this._loop._external--;
    super._succeed();
  }

  override _abandon(error: CancelledError): void {
    this._loop._external--;
    super._abandon(error);
  }
}
