// The program of the page's other threads.

import { serveTasks } from "mysyncio/browser";
import * as tasks from "./browserTasks.ts";

serveTasks(tasks);
