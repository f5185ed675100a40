// The entry point of a browser worker. It imports by URL the modules that export the called
// functions.

import { startThread } from "./thread.ts";

startThread();
