// Makes the locks of this thread record who holds them, from now on and for good.
//
// registerHelper.ts imports this module only at run time. With a static import, the build would no
// longer keep the package's modules together in one file.

import { newEventLoop } from "../../program/eventLoop.ts";
import { warnings } from "../warnings/warnings.ts";

// Holders are recorded while any loop is searched for warnings. This loop never runs, so searching
// it costs nothing.
warnings(newEventLoop());
