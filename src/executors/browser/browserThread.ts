// The program of a browser worker that loads the modules of its tasks by their URLs.

import { startThread } from "./thread.ts";

startThread();
