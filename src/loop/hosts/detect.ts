import type { HostFactory } from "../host.ts";
import { NodeHost } from "./node.ts";
import { WebHost } from "./web.ts";

/** The host of the platform that this runs on, recognized by what it offers and not by its name. */
export const platformHost: HostFactory = (onTask, onTimer) =>
  typeof globalThis.setImmediate === "function"
    ? new NodeHost(onTask, onTimer)
    : new WebHost(onTask, onTimer);
