import type { HostFactory } from "../host.ts";
import { NodeHost } from "./node.ts";
import { WebHost } from "./web.ts";

/** Creates the host for this platform. Recognizes the platform by its features, not by its name. */
export const platformHost: HostFactory = (onMacrotask, onTimer) =>
  typeof globalThis.setImmediate === "function"
    ? new NodeHost(onMacrotask, onTimer)
    : new WebHost(onMacrotask, onTimer);
