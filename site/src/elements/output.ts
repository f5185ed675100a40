// The console of a page: what a program prints, and how it ended.

import type { Ended, LogLine } from "../lib/protocol.ts";
import { make } from "./dom.ts";

export class Output {
  readonly element: HTMLElement;
  readonly #lines = make("pre", {
    class: "lines",
    tabindex: 0,
    role: "region",
    "aria-label": "Output",
  });
  readonly #state = make("p", { class: "state", role: "status" });

  readonly #namesCore: boolean;

  /** @param namesCore whether to name the core at the end, for programs that use the library */
  constructor(namesCore: boolean) {
    this.#namesCore = namesCore;
    this.element = make("div", { class: "output" }, this.#lines, this.#state);
  }

  clear(): void {
    this.#lines.replaceChildren();
    this.#state.textContent = "";
    this.element.dataset["state"] = "empty";
  }

  say(text: string, state: "running" | "ended" | "failed" | "cancelled"): void {
    this.#state.textContent = text;
    this.element.dataset["state"] = state;
  }

  print({ level, text }: Pick<LogLine, "level" | "text">): void {
    this.#lines.append(make("span", { class: level }, `${text}\n`));
    this.#lines.scrollTop = this.#lines.scrollHeight;
  }

  end({ error, wasCancelled, milliseconds, core }: Ended): void {
    if (error !== undefined) this.print({ level: "error", text: error });
    if (error !== undefined) this.say("Failed", "failed");
    else if (wasCancelled) this.say("Cancelled", "cancelled");
    else {
      const where = this.#namesCore ? `, on the ${core} core` : "";
      this.say(`Ended after ${Math.round(milliseconds)} ms${where}`, "ended");
    }
  }

  /** Shows only the first lines, for a player that goes back in time. */
  show(count: number): void {
    for (const [index, line] of [...this.#lines.children].entries()) {
      (line as HTMLElement).hidden = index >= count;
    }
  }
}
