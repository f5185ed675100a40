// <my-demo>: the front page's example. Runs the program that is printed next to it, in the page.

import { Bar } from "./bar.ts";
import { button, make } from "./dom.ts";

export class CancelDemo extends HTMLElement {
  readonly #bars = [new Bar("first.zip", 25), new Bar("second.zip", 70), new Bar("third.zip", 90)];
  readonly #state = make("p", { class: "state", role: "status" }, "Nothing has run yet.");
  readonly #start = button("Run it", () => void this.#run(), "main");
  readonly #cancel = button("Cancel", () => this.#controller?.abort("The reader pressed Cancel"));
  #controller: AbortController | undefined;

  connectedCallback(): void {
    const panel = this.querySelector(".panel");
    if (panel === null || panel.childElementCount > 0) return;
    this.#cancel.disabled = true;
    panel.append(
      make("ul", {}, ...this.#bars.map(({ element }) => element)),
      make("div", { class: "toolbar" }, this.#start, this.#cancel),
      this.#state,
    );
    this.dataset["ready"] = "";
  }

  disconnectedCallback(): void {
    this.#controller?.abort("The reader left the page");
  }

  async #run(): Promise<void> {
    const controller = new AbortController();
    this.#controller = controller;
    this.#start.disabled = true;
    this.#cancel.disabled = false;
    this.#state.textContent = "Running. Cancel it, or wait three seconds for the timeout.";
    for (const bar of this.#bars) bar.reset();
    try {
      const [{ start }, { newEventLoop }] = await Promise.all([
        import("./downloads.ts"),
        import("mysyncio"),
      ]);
      const { core } = newEventLoop();
      await start(this.#bars, controller.signal).then(
        () => this.#end("All are done."),
        (error: Error) => this.#end(`${error.name}: nothing is left running. (${core} core)`),
      );
    } finally {
      this.#start.disabled = false;
      this.#cancel.disabled = true;
    }
  }

  #end(text: string): void {
    this.#state.textContent = text;
  }
}
