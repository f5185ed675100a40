export type { FilePattern, TransformOptions } from "./transform/selection.ts";
export { type WebpackPlugin, webpackPlugin as default } from "./transform/webpackPlugin.ts";
