// The place of an inspector, which loads when a program is inspected.

import type { Answer } from "../lib/protocol.ts";
import { make } from "./dom.ts";
import type { Inspection } from "./inspection.ts";
import type { Program } from "./program.ts";

export class LazyInspector {
  readonly element = make("div", { class: "inspector" });
  readonly #program: Program;
  #inspection: Inspection | undefined;

  constructor(program: Program) {
    this.#program = program;
  }

  /** Shows the loops of the program that has just started. */
  async open(): Promise<void> {
    this.close();
    const { Inspection } = await import("./inspection.ts");
    if (!this.element.isConnected || !this.#program.isRunning) return;
    this.#inspection = new Inspection(this.#program);
    this.element.replaceChildren(this.#inspection.element);
  }

  hear(answer: Answer): void {
    this.#inspection?.hear(answer);
  }

  close(): void {
    this.#inspection?.leave();
    this.#inspection = undefined;
    this.element.replaceChildren();
  }
}
