// Makes the locks of this thread record who holds them, from now on and for good.
//
// This is a separate module, which registerHelper.ts imports at run time, so that the build keeps
// the package's modules together in one file.

import { newEventLoop } from "../../program/eventLoop.ts";
import { warnings } from "../warnings/warnings.ts";

// Holders are recorded while any loop is searched for warnings. This loop never runs, so searching
// it costs nothing.
warnings(newEventLoop());
