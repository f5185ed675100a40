// The host's timers, taken once, when the package is imported.
//
// Fake timers of a test replace some of these functions for a while, rarely all of them. A loop that took its time from
// one half and its wake-ups from the other would sleep through its deadlines, and one asleep when they come or go would
// not wake. So a loop never sees them: it has all from the host, also if the fakes were there before the import.

/** What @sinonjs/fake-timers, and with it Vitest and Jest, keep on what they put in place of a global. */
interface Faked {
  readonly clock?: Readonly<Record<string, unknown>>;
}

/** The host's own `name`. */
function real<Name extends keyof typeof globalThis>(name: Name): (typeof globalThis)[Name] {
  const current = globalThis[name];
  return ((current as Faked | undefined)?.clock?.[`_${name}`] ?? current) as typeof current;
}

export const setTimeout = /* @__PURE__ */ real("setTimeout");
export const clearTimeout = /* @__PURE__ */ real("clearTimeout");
/** Undefined where only Node and its like have it. @internal */
export const setImmediate = /* @__PURE__ */ real("setImmediate");
export const queueMicrotask = /* @__PURE__ */ real("queueMicrotask");
/** @internal */
export const performance = /* @__PURE__ */ real("performance");
