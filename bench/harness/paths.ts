// Paths, as seen from wherever the build has put a module.

const ROOT = new URL(".", import.meta.resolve("mysyncio/package.json"));

/** A file of the project: `at("bench/results")`. */
export function at(path: string): URL {
  return new URL(path, ROOT);
}

/** A built program of the project: `built("bench/main")`. */
export function built(program: string): URL {
  return at(`build/${program}.js`);
}
