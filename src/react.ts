export { type ComponentTask, type TaskState, useTask } from "./adapters/useTask.ts";
