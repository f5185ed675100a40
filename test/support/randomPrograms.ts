// Random programs of promises, as text. A program logs all that it does, so that two ways to run it
// can be compared. It does nothing that depends on real time.

/** What a program calls. */
export interface ProgramWorld {
  /** Logs an event. */
  readonly log: (event: string) => void;
  /** Counts an await that the program reaches, and returns `awaited`. */
  readonly reach: <T>(awaited: T) => T;
  /** Returns a promise of `value`, after that many macrotasks. */
  readonly later: <T>(macrotasks: number, value: T) => Promise<T>;
  /** Calls `callback` before all microtasks that wait already, where the platform can. */
  readonly nextTick: (callback: () => void) => void;
}

/** Returns random numbers in [0, 1), the same for a seed. */
export function randomNumbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/**
 * Returns the expression of an async function that takes a `ProgramWorld`. It covers promises,
 * thenables, combinators, `nextTick`, timers, async generators and `for await`.
 */
export function randomProgram(seed: number): string {
  const random = randomNumbers(seed);
  const below = (limit: number) => Math.floor(random() * limit);
  const oneOf = <T>(choices: readonly (() => T)[]): T =>
    (choices[below(choices.length)] as () => T)();
  let names = 0;
  const name = () => `v${names++}`;
  const log = (text: string) => `log(${JSON.stringify(text)});`;

  /** An expression that may be awaited. */
  function awaitable(depth: number): string {
    const id = name();
    const simple = [
      () => `"${id}"`,
      () => `Promise.resolve("${id}")`,
      () => `later(${below(3)}, "${id}")`,
      () => `({ then(done) { log("then ${id}"); done("${id}"); } })`,
      () => `new Promise((done) => nextTick(() => { log("tick ${id}"); done("${id}"); }))`,
      () => `Promise.reject(new Error("${id}")).catch(({ message }) => message)`,
    ];
    if (depth === 0) return oneOf(simple);
    const inner = () => awaitable(depth - 1);
    return oneOf([
      ...simple,
      () => `(async () => { ${block(depth - 1)} return ${inner()}; })()`,
      () => `Promise.all([${inner()}, ${inner()}]).then(String)`,
      () => `Promise.race([${inner()}, ${inner()}])`,
      () => `Promise.any([${inner()}, ${inner()}])`,
      () => `Promise.allSettled([${inner()}, ${inner()}]).then((all) => all.length)`,
      () => `(log("sequence ${id}"), ${inner()})`,
      () => `(await reach(${inner()}), ${inner()})`,
      () => `await reach(${inner()})`,
    ]);
  }

  function generator(depth: number): string {
    const rounds = 1 + below(3);
    const body = Array.from({ length: rounds }, () =>
      oneOf([() => `yield ${awaitable(depth)};`, () => statement(depth)]),
    );
    const id = name();
    return `(async function* ${id}() { try { ${body.join(" ")} } finally { ${log(`close ${id}`)} } })()`;
  }

  function iterable(depth: number): string {
    return oneOf([
      () => generator(depth),
      () => `[${awaitable(depth)}, ${awaitable(depth)}]`,
      () => `(log("iterate"), ${generator(depth)})`,
    ]);
  }

  function statement(depth: number): string {
    const id = name();
    const inner = Math.max(0, depth - 1);
    const simple = [
      () => log(id),
      () => `log("${id} " + await reach(${awaitable(inner)}));`,
      () => `const ${id} = await reach(${awaitable(inner)}); log(${id});`,
      () => `Promise.resolve().then(() => log("microtask ${id}"));`,
      () => `nextTick(() => log("tick ${id}"));`,
    ];
    if (depth === 0) return oneOf(simple);
    return oneOf([
      ...simple,
      () =>
        `const ${id} = (async () => { ${block(inner)} })(); ${block(inner)} await reach(${id});`,
      () => `for await (const ${id} of ${iterable(inner)}) { log(${id}); ${block(inner)} }`,
      () => `for await (const ${id} of ${iterable(inner)}) { log(${id}); break; }`,
      () =>
        `try { for await (const ${id} of ${iterable(inner)}) throw new Error("${id}"); }` +
        ` catch ({ message }) { log("caught " + message); } finally { ${block(inner)} }`,
      () => `if (await reach(${awaitable(inner)})) { ${block(inner)} }`,
      () => `for (const ${id} of [1, 2]) { log(${id}); ${block(inner)} }`,
    ]);
  }

  function block(depth: number): string {
    return Array.from({ length: 1 + below(3) }, () => statement(depth)).join(" ");
  }

  return `async ({ log, reach, later, nextTick }) => { ${block(2)} ${block(2)} ${block(2)} }`;
}
