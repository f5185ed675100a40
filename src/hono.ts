export { RequestCancelledError } from "./adapters/handler.ts";
export { honoHandler as toHandler } from "./adapters/honoHandler.ts";
