/**
 * Options that start Node without WebAssembly, so that the package uses its other core. Not
 * `--no-expose-wasm`, which newer versions of Node reject.
 */
export const WITHOUT_WASM = ["--import", "data:text/javascript,delete globalThis.WebAssembly"];
