// Loads the layouts when a picture needs them.

import { signal } from "@preact/signals-core";

type Layouts = typeof import("./inspectorGraph.ts");

const loaded = signal<Layouts | undefined>(undefined);
const failure = signal("");
let isWanted = false;

/** Returns the layouts; undefined until they are loaded. */
export function layouts(): Layouts | undefined {
  if (!isWanted) void load();
  return loaded.value;
}

/** Returns the text to show while there are no layouts. */
export function layoutsState(): string {
  return failure.value || "Drawing…";
}

async function load(): Promise<void> {
  isWanted = true;
  try {
    loaded.value = await import("./inspectorGraph.ts");
  } catch (error) {
    failure.value = `The layout could not be loaded: ${String(error)}`;
  }
}
