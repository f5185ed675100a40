export { VirtualClock } from "./testing/virtualClock.ts";
