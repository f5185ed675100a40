// Reads the colors of the style sheet for canvases, which can't use CSS variables.

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
    const { host } = element.getRootNode() as ShadowRoot;
    this.#observer.observe(host, { attributeFilter: ["theme"] });
  }

  of(name: string): string {
    let color = this.#colors.get(name);
    if (color === undefined) {
      this.#element.style.color = `var(--${name})`;
      color = getComputedStyle(this.#element).color;
      this.#element.style.color = "";
      this.#colors.set(name, color);
    }
    return color;
  }

  dispose(): void {
    this.#listeners.abort();
    this.#observer.disconnect();
  }
}
