// Loads the module that lays out graphs and heaps, when a picture first needs it.

import { signal } from "@preact/signals-core";

type Layouts = typeof import("./inspectorGraph.ts");

const loaded = signal<Layouts | undefined>(undefined);
const failure = signal("");
let isWanted = false;

/** Returns the module; undefined until it is loaded. The first call starts loading it. */
export function layouts(): Layouts | undefined {
  if (!isWanted) void load();
  return loaded.value;
}

/** Returns the text to show while the module is not loaded. */
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
