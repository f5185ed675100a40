import type { EventLoop } from "../../src/eventLoop.ts";
import type { ExceptionContext } from "../../src/loop/scheduler.ts";

/** Collects, in place of the console, what nobody could catch. */
export function collectReports(loop: EventLoop): ExceptionContext[] {
  const reports: ExceptionContext[] = [];
  loop.setExceptionHandler((_, context) => reports.push(context));
  return reports;
}
