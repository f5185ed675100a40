// Finds where a generator is suspended, from the engine's internal properties.

import type { FrameSnapshot } from "../types.ts";

/** An internal property of an object, as `Runtime.getProperties` returns it. */
export interface InternalProperty {
  readonly name: string;
  readonly value?:
    | { readonly value?: unknown; readonly description?: string | undefined }
    | undefined;
}

/**
 * Returns the frame of a generator, or the location of a class. `urls` maps the ids of scripts to
 * their files.
 */
export function frameOfProperties(
  properties: readonly InternalProperty[],
  urls: Pick<ReadonlyMap<string, string>, "get">,
): FrameSnapshot {
  const propertyOf = (name: string) => properties.find((property) => property.name === name)?.value;
  const source = propertyOf("[[GeneratorFunction]]")?.description ?? "";
  const location = (propertyOf("[[GeneratorLocation]]") ?? propertyOf("[[FunctionLocation]]"))
    ?.value as { scriptId: string; lineNumber: number; columnNumber: number } | undefined;
  return {
    functionName:
      /^[^(]*?([\p{ID_Start}$_#][\p{ID_Continue}$]*)\s*\(/u
        .exec(source)?.[1]
        ?.replace(/^function$/, "") ?? "",
    file: (location && urls.get(location.scriptId)) || null,
    line: location === undefined ? null : location.lineNumber + 1,
    column: location === undefined ? null : location.columnNumber + 1,
  };
}
