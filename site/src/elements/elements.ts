// Defines the elements of the pages. Large parts are loaded when they are used.

import { CancelDemo } from "./cancelDemo.ts";
import { CodeLab } from "./codeLab.ts";

/** An element whose content another module makes, once it is on the page. */
function lazily(load: () => Promise<(host: HTMLElement) => () => void>): typeof HTMLElement {
  return class extends HTMLElement {
    #leave: (() => void) | undefined;

    async connectedCallback(): Promise<void> {
      const mount = await load();
      if (this.isConnected) this.#leave ??= mount(this);
    }

    disconnectedCallback(): void {
      this.#leave?.();
      this.#leave = undefined;
    }
  };
}

const ELEMENTS = new Map<string, typeof HTMLElement>([
  ["my-demo", CancelDemo],
  ["my-lab", CodeLab],
  ["my-playground", lazily(async () => (await import("./playground.ts")).mountPlayground)],
  ["my-core", lazily(async () => (await import("./coreMemory.ts")).mountCoreMemory)],
]);

for (const [name, element] of ELEMENTS) customElements.define(name, element);
