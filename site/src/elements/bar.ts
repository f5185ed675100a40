// A progress bar of the front page's example.

import { make } from "./dom.ts";

export class Bar {
  readonly element: HTMLElement;
  readonly #meter: HTMLElement;
  readonly #state = make("span", { class: "state" });
  readonly #parts: number;
  #done = 0;

  constructor(name: string, parts: number) {
    this.#parts = parts;
    this.#meter = make("div", {
      class: "meter",
      role: "progressbar",
      "aria-label": name,
      "aria-valuemin": 0,
      "aria-valuemax": parts,
    });
    this.element = make("li", {}, make("span", { class: "name" }, name), this.#meter, this.#state);
    this.reset();
  }

  get isFull(): boolean {
    return this.#done === this.#parts;
  }

  reset(): void {
    this.#done = 0;
    this.#show("waiting", "not started");
  }

  grow(): void {
    this.#done++;
    this.#show("running", `${Math.round((100 * this.#done) / this.#parts)} %`);
  }

  close(): void {
    if (this.isFull) this.#show("done", "done, closed");
    else this.#show("cancelled", "cancelled, closed");
  }

  #show(kind: string, text: string): void {
    this.element.dataset["state"] = kind;
    this.#meter.setAttribute("aria-valuenow", String(this.#done));
    this.#meter.style.setProperty("--full", String(this.#done / this.#parts));
    this.#state.textContent = text;
  }
}
