// Stands for the module that programs.mjs makes of the README and writes into each project in place of this one.

import type { Program } from "./check.ts";

export declare const programs: readonly Program[];
