// All rows, in the order of the table.

import { browsers } from "./rows/browsers.mjs";
import { bundlers } from "./rows/bundlers.mjs";
import { runtimes } from "./rows/runtimes.mjs";
import { servers } from "./rows/servers.mjs";
import { testRunners } from "./rows/testRunners.mjs";

/** @type {import("./row.mjs").Row[]} */
export const ROWS = [...runtimes, ...browsers, ...testRunners, ...bundlers, ...servers];
