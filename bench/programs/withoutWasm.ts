/**
 * Options that start Node without WebAssembly, so that the package uses the reference core. Newer
 * versions of Node reject `--no-expose-wasm`.
 */
export const WITHOUT_WASM = ["--import", "data:text/javascript,delete globalThis.WebAssembly"];
