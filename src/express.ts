export { expressHandler as toHandler } from "./adapters/expressHandler.ts";
export { RequestCancelledError } from "./adapters/handler.ts";
