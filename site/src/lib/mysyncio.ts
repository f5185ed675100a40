// What programs on the site get for `mysyncio`: the package, with a `run` that the page can cancel.

export * from "../../../dist/index.js";
export { run } from "./programs.ts";
