import { createTransformer } from "./transform/jestTransformer.ts";

export type { JestOptions, JestTransformer } from "./transform/jestTransformer.ts";
export type { FilePattern, TransformOptions } from "./transform/selection.ts";

export default { createTransformer };
