// Reads the colors of the style sheet for canvases, which can't use CSS variables.

const NAMES = [
  ...["text", "muted", "line", "stripe", "accent", "running", "ready", "bad"],
  ...["sleep", "lock", "queue", "call", "task", "outside"],
];

export class Inks {
  readonly font: string;
  readonly #element: HTMLElement;
  readonly #colors = new Map<string, string>();
  readonly #listeners = new AbortController();
  readonly #observer: MutationObserver;

  /** @param change called when the colors change between light and dark */
  constructor(element: HTMLElement, change: () => void) {
    this.#element = element;
    this.font = getComputedStyle(element).fontFamily;
    const forget = () => {
      this.#colors.clear();
      change();
    };
    const { signal } = this.#listeners;
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", forget, { signal });
    this.#observer = new MutationObserver(forget);
    const root = element.getRootNode();
    if (root instanceof ShadowRoot) {
      this.#observer.observe(root.host, { attributeFilter: ["theme"] });
    }
  }

  of(name: string): string {
    if (this.#colors.size === 0) this.#read();
    return this.#colors.get(name) ?? "gray";
  }

  dispose(): void {
    this.#listeners.abort();
    this.#observer.disconnect();
  }

  #read(): void {
    const probe = document.createElement("i");
    this.#element.append(probe);
    for (const name of NAMES) {
      probe.style.color = `var(--${name})`;
      this.#colors.set(name, getComputedStyle(probe).color);
    }
    probe.remove();
  }
}
