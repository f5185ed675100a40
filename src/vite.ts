export type { FilePattern, TransformOptions } from "./transform/selection.ts";
export { type VitePlugin, vitePlugin as default } from "./transform/vitePlugin.ts";
