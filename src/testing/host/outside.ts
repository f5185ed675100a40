// Detects a run's outside resources, which complete only in real time: sockets, files, workers,
// real timers.
//
// Node reports when such a resource is created, and in which asynchronous context. Browsers don't,
// so a run there waits a little longer before it assumes a deadlock.

import { isJob, type NodeJob, onCallback } from "./jobs.ts";
import { placeOfCaller } from "./places.ts";
import { currentStage, offStage } from "./stages.ts";

interface Hook {
  enable(): void;
  disable(): void;
}

interface AsyncHooks {
  createHook(hooks: object): Hook;
  readonly asyncWrapProviders?: Readonly<Record<string, number>>;
}

interface NodeProcess {
  getBuiltinModule?(name: "node:async_hooks"): AsyncHooks;
  getActiveResourcesInfo?(): string[];
}

const { process } = globalThis as { process?: NodeProcess };

/** What Node creates without waiting for anything, or only to write output. */
const HARMLESS = new Set([
  ...["PROMISE", "NONE", "MESSAGEPORT", "WRITEWRAP", "SHUTDOWNWRAP", "TTYWRAP", "PIPEWRAP"],
  ...["SIGNALWRAP", "ELDHISTOGRAM", "HEAPSNAPSHOT", "INSPECTORJSBINDING", "BLOBREADER"],
  ...["HTTPINCOMINGMESSAGE", "SIGINTWATCHDOG", "STREAMPIPE", "JSSTREAM"],
]);

/** Names for the most common resources, by patterns for Node's names of their types. */
const RESOURCE_NAMES: readonly (readonly [RegExp, string])[] = [
  [/^(TCP|TLS|PIPE)(SERVER|CONNECT)?WRAP$/, "a socket"],
  [/^(HTTP|TLS)/, "a connection"],
  [/^(FS|FILE|DIR|STAT)/, "a file"],
  [/^(GETADDRINFO|GETNAMEINFO|QUERY|DNS)/, "a name lookup"],
  [/^WORKER/, "a worker"],
  [/^PROCESS/, "a child process"],
  [/^UDP/, "a datagram socket"],
  [/^(ZLIB|COMPRESSION)/, "compression"],
  [/REQUEST$/, "cryptography"],
  [/^Timeout$/, "a timer that was looked up before the run"],
  [/^Immediate$/, "an immediate that was looked up before the run"],
];

let hook: Hook | undefined;
/**
 * Reports each callback. Enabled only once a run has started a job (see jobs.ts), because it makes
 * all callbacks slower.
 */
let callbackHook: Hook | undefined;
let users = 0;

/** Returns whether the host reports which resources a run uses. */
export function reportsResources(): boolean {
  return hook !== undefined;
}

/**
 * Records the resources that runs use. Stops when `unwatchOutside` has been called as often as this
 * function.
 */
export function watchOutside(): void {
  if (users++ > 0) return;
  try {
    const hooks = process?.getBuiltinModule?.("node:async_hooks");
    const providers = hooks?.asyncWrapProviders;
    if (hooks === undefined || providers === undefined) return;
    const isOutside = (type: string) =>
      type === "Timeout" || type === "Immediate" || (type in providers && !HARMLESS.has(type));
    const init = (id: number, type: string, _trigger: number, resource: NodeJob): void => {
      if (!isOutside(type)) return;
      const stage = currentStage();
      const name = nameOfType(type);
      if (stage === undefined || stage.isOver) return;
      if (!isJob(type) && stage.outside.has(name)) return;
      const source = { name, place: offStage(() => placeOfCaller(init)) };
      if (!isJob(type)) {
        stage.outside.set(name, source);
        return;
      }
      callbackHook?.enable();
      offStage(() => stage.jobs.add(id, type, resource, source, init));
    };
    // Not promises: they aren't external resources, and tracking them would make them slower.
    hook = hooks.createHook({ init, trackPromises: false });
    callbackHook = hooks.createHook({ before: onCallback, trackPromises: false });
    hook.enable();
  } catch {
    hook = undefined; // some runtimes have the module, but not the function
  }
}

export function unwatchOutside(): void {
  if (--users > 0) return;
  hook?.disable();
  callbackHook?.disable();
  hook = undefined;
  callbackHook = undefined;
}

/** Counts the host's active resources by type, except immediates. */
export function countActive(): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const type of process?.getActiveResourcesInfo?.() ?? []) {
    if (type !== "Immediate") counts.set(type, (counts.get(type) ?? 0) + 1);
  }
  return counts;
}

/** Returns whether more resources are active than when `before` was counted. */
export function hasMoreActive(before: ReadonlyMap<string, number>): boolean {
  for (const [type, count] of countActive()) if (count > (before.get(type) ?? 0)) return true;
  return false;
}

function nameOfType(type: string): string {
  const known = RESOURCE_NAMES.find(([pattern]) => pattern.test(type));
  return known?.[1] ?? `a ${type}`;
}
