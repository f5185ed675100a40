import bulk from "./cases/bulk.ts";
import calls from "./cases/calls.ts";
import deep from "./cases/deep.ts";
import echo from "./cases/echo.ts";
import explore from "./cases/explore.ts";
import future from "./cases/future.ts";
import http from "./cases/http.ts";
import idle from "./cases/idle.ts";
import memory from "./cases/memory.ts";
import promise from "./cases/promise.ts";
import pythonEcho from "./cases/pythonEcho.ts";
import responsiveness from "./cases/responsiveness.ts";
import size from "./cases/size.ts";
import spawn from "./cases/spawn.ts";
import startup from "./cases/startup.ts";
import switching from "./cases/switch.ts";
import timers from "./cases/timers.ts";
import type { Case } from "./harness.ts";

/** Every case, in the order in which they are run. */
export const cases: readonly Case[] = [
  switching,
  spawn,
  future,
  deep,
  explore,
  calls,
  timers,
  promise,
  echo,
  bulk,
  pythonEcho,
  http,
  idle,
  memory,
  startup,
  size,
  responsiveness,
];
