// Makes the locks of this thread record who holds them, from now on and for good.
//
// A module of its own, which the helper imports when it runs, so that the build leaves the package's
// modules together in one file.

import { newEventLoop } from "../../program/eventLoop.ts";
import { warnings } from "../warnings/warnings.ts";

// Holders are recorded while the warnings of any loop are looked for. This one never runs, so nothing
// is looked for.
warnings(newEventLoop());
