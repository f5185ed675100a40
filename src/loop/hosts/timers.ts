// The host's timers, looked up once when the package is imported.
//
// Fake timers in tests replace some of these functions for a while, but rarely all of them. A loop
// that mixed real and fake ones would sleep through its deadlines, and a loop that sleeps while
// fakes come or go would never wake. So a loop always uses the real functions, even if the fakes
// were installed before the import.

/** A function that a test may have replaced. */
interface Faked {
  /** The original functions, as kept by @sinonjs/fake-timers, which Vitest and Jest use. */
  readonly clock?: Readonly<Record<string, unknown>>;
  /** Set on mock functions of Jest, whose older fake timers keep no originals. */
  readonly _isMockFunction?: boolean;
}

interface Platform {
  readonly process?: { getBuiltinModule?(name: "node:timers"): Readonly<Record<string, unknown>> };
}

/** Returns the host's own function. */
function real<Name extends keyof typeof globalThis>(name: Name): (typeof globalThis)[Name] {
  const current = globalThis[name];
  const { clock, _isMockFunction: isMock } = (current ?? {}) as Faked;
  const original = isMock
    ? (globalThis as Platform).process?.getBuiltinModule?.("node:timers")[name]
    : clock?.[`_${name}`];
  return (original ?? current) as typeof current;
}

export const setTimeout = /* @__PURE__ */ real("setTimeout");
export const clearTimeout = /* @__PURE__ */ real("clearTimeout");
/** Undefined except in Node and compatible runtimes. @internal */
export const setImmediate = /* @__PURE__ */ real("setImmediate");
/** @internal */
export const performance = /* @__PURE__ */ realClock();

/**
 * Returns the host's clock. Takes `now` from the prototype, because @sinonjs/fake-timers replaces
 * it even in the original object.
 */
function realClock(): { now(): number } {
  const original = real("performance");
  const { now } = (Object.getPrototypeOf(original) ?? original) as Performance;
  return { now: (now ?? original.now).bind(original) };
}
