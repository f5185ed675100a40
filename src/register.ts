import { register } from "./transform/register.ts";

export type { FilePattern, TransformOptions } from "./transform/selection.ts";
export { register as default };

register();
