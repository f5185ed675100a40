import { serveTasks } from "mysyncio/browser";
import * as tasks from "./tasks.ts";

serveTasks(tasks);
