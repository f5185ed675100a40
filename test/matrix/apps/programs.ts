// A stand-in for the module that programs.mjs generates from the README and writes into each
// project.

import type { Program } from "./check.ts";

export declare const programs: readonly Program[];
