export { type RollupPlugin, rollupPlugin as default } from "./transform/rollupPlugin.ts";
export type { FilePattern, TransformOptions } from "./transform/selection.ts";
