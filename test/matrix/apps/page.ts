// The program of a page of the matrix. It sends the results to the server that it came from.

import * as threads from "./browserThreads.ts";
import { check } from "./check.ts";
import { programs } from "./programs.ts";

check(programs, threads).then((results) =>
  fetch("/results", { method: "POST", body: JSON.stringify(results) }),
);
