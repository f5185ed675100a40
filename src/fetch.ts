export { fetchHandler as toHandler } from "./adapters/fetchHandler.ts";
export { RequestCancelledError } from "./adapters/handler.ts";
