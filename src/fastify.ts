export { fastifyHandler as toHandler } from "./adapters/fastifyHandler.ts";
export { RequestCancelledError } from "./adapters/handler.ts";
