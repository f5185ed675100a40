import type { EventLoop, ExceptionContext } from "../../src/index.ts";

/** Collects errors that nothing could catch, instead of writing them to the console. */
export function collectReports(loop: EventLoop): ExceptionContext[] {
  const reports: ExceptionContext[] = [];
  loop.setExceptionHandler((_, context) => reports.push(context));
  return reports;
}
