export { type MetricsOptions, metrics } from "./adapters/loopMetrics.ts";
export { TaskContextManager } from "./adapters/taskContextManager.ts";
export { type TaskSpanOptions, withSpan } from "./adapters/withSpan.ts";
