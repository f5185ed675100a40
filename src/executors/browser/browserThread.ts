// The entry point of a browser worker, which imports task modules by URL.

import { startThread } from "./thread.ts";

startThread();
