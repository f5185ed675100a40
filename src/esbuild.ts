export { type EsbuildPlugin, esbuildPlugin as default } from "./transform/esbuildPlugin.ts";
export type { FilePattern, TransformOptions } from "./transform/selection.ts";
