// The worker in which programs of a page run: one worker for one program.

import { newEventLoop, ScheduleError } from "../../../dist/index.js";
import { explore } from "../../../dist/testing.js";
import { measure } from "./benchmark.ts";
import { answer } from "./channel.ts";
import { format, formatAll, withLines } from "./format.ts";
import type { Inspected } from "./inspected.ts";
import { cancelAll, holdWith, isCancellation, setClock } from "./programs.ts";
import type {
  ExploreRequest,
  InspectRequest,
  LogLine,
  Request,
  RunRequest,
  Start,
} from "./protocol.ts";
import { record } from "./stage.ts";

type Main = Parameters<typeof explore>[0];

let isCancelled = false;
let inspected: Inspected | undefined;
/** Requests of an inspector that arrived before they could be answered. */
const early: InspectRequest[] = [];

function print(level: LogLine["level"], text: string): void {
  answer({ kind: "log", level, text });
  record(`prints: ${text}`);
}

for (const level of ["log", "warn", "error"] as const) {
  console[level] = (...values: unknown[]) => print(level, formatAll(values));
}
console.info = console.log;
console.debug = console.log;

addEventListener("error", (event) => {
  event.preventDefault();
  print("error", `Uncaught ${format(event.error ?? event.message)}`);
});
addEventListener("unhandledrejection", (event) => {
  event.preventDefault();
  print("error", `Unhandled rejection: ${format(event.reason)}`);
});
addEventListener("message", ({ data }: MessageEvent<Request>) => {
  if (data.kind === "inspect") inspect(data);
  else if (data.kind === "cancel") cancel();
  else void perform(data);
});

function inspect(request: InspectRequest): void {
  if (inspected === undefined) early.push(request);
  else inspected.hear(request);
}

function cancel(): void {
  isCancelled = true;
  // A paused loop would never deliver the cancellation.
  inspected?.release();
  cancelAll();
}

async function perform(request: Start): Promise<void> {
  const start = performance.now();
  let failure: { error: string } | undefined;
  try {
    if (request.kind === "run") await runProgram(request);
    else if (request.kind === "explore") await exploreProgram(request);
    else await measure(answer);
  } catch (error) {
    if (!(isCancelled && isCancellation(error))) failure = { error: format(error) };
  }
  answer({
    kind: "ended",
    ...failure,
    wasCancelled: isCancelled,
    milliseconds: performance.now() - start,
    core: newEventLoop().core,
  });
}

async function runProgram({ program, clock, isInspected }: RunRequest): Promise<void> {
  setClock(clock);
  if (isInspected) await startInspection();
  const { load } = await import("./load.ts");
  await load(program);
}

async function startInspection(): Promise<void> {
  const { Inspected } = await import("./inspected.ts");
  const mine = new Inspected();
  inspected = mine;
  holdWith(() => mine.hold());
  for (const request of early.splice(0)) mine.hear(request);
}

async function exploreProgram({ program, strategy, runs }: ExploreRequest): Promise<void> {
  const { load } = await import("./load.ts");
  const { main } = await load(program);
  if (typeof main !== "function") {
    throw new TypeError("Expected the program to `export function* main()`, which is explored");
  }
  try {
    const found = await explore(main as Main, { strategy, runs });
    answer({ kind: "explored", runs: found.runs, exhausted: found.exhausted });
  } catch (error) {
    if (!(error instanceof ScheduleError)) throw error;
    const { schedule, message } = error;
    const failure = { schedule, message: withLines(message) };
    answer({ kind: "explored", runs: error.runs, exhausted: false, failure });
  }
}
