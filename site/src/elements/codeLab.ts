// <my-lab>: a code block that can be edited and run. What the program prints appears next to it.
// The attribute `stage` also shows the lists that the program watches, and `inspect` the loop that
// it runs on.
//
// Until the reader presses a button, the block is as the page was built. The editor loads on Edit,
// and the worker starts on Run.

import type { Answer } from "../lib/protocol.ts";
import { button, make } from "./dom.ts";
import { LazyInspector } from "./lazyInspector.ts";
import { Output } from "./output.ts";
import { Program } from "./program.ts";
import { StagePlayer } from "./stagePlayer.ts";

interface Editor {
  text(): string;
  replace(text: string): void;
}

export class CodeLab extends HTMLElement {
  readonly #output = new Output(false);
  readonly #program = new Program((answer) => this.#hear(answer));
  readonly #stage = new StagePlayer((count) => this.#output.show(count));
  readonly #inspector = new LazyInspector(this.#program);
  #original = "";
  #editor: Editor | undefined;
  #lines = 0;

  connectedCallback(): void {
    const block = this.querySelector<HTMLElement>("div[class*=language-ts]");
    if (block === null || this.#original !== "") return;
    this.#original = block.querySelector("code")?.textContent ?? "";
    const name = this.getAttribute("name") ?? "Program";
    const toolbar = make(
      "div",
      { class: "toolbar", role: "toolbar", "aria-label": name },
      button("Run", () => this.#run(), "main"),
      button("Cancel", () => this.#program.cancel()),
      button("Edit", () => void this.#edit(block)),
      button("Reset", () => this.#reset()),
    );
    const shown = make("div", { class: "shown" }, toolbar);
    if (this.hasAttribute("stage")) shown.append(this.#stage.element);
    shown.append(this.#output.element);
    block.after(shown);
    if (this.hasAttribute("inspect")) this.append(this.#inspector.element);
    this.#output.clear();
    this.dataset["ready"] = "";
  }

  disconnectedCallback(): void {
    this.#program.terminate();
    this.#inspector.close();
  }

  #text(): string {
    return this.#editor?.text() ?? this.#original;
  }

  #run(): void {
    this.#lines = 0;
    this.#stage.clear();
    this.#output.clear();
    this.#output.say("Running", "running");
    const isInspected = this.hasAttribute("inspect");
    this.#program.start({ kind: "run", program: this.#text(), clock: "real", isInspected });
    if (isInspected) void this.#inspector.open();
  }

  #hear(answer: Answer): void {
    this.#inspector.hear(answer);
    if (answer.kind === "frame") this.#stage.add(answer, this.#lines);
    else if (answer.kind === "log") {
      this.#lines++;
      this.#output.print(answer);
      // A frame follows that shows this line.
      if (this.#stage.count > 0 && this.hasAttribute("stage")) this.#output.show(this.#lines - 1);
    } else if (answer.kind === "ended") this.#output.end(answer);
  }

  async #edit(block: HTMLElement): Promise<void> {
    if (this.#editor !== undefined) return;
    const { newEditor } = await import("./editor.ts");
    const label = this.getAttribute("name") ?? "Program";
    const view = newEditor(this.#original, label, () => this.#run());
    this.#editor = {
      text: () => view.state.doc.toString(),
      replace: (insert) =>
        view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert } }),
    };
    const frame = make("div", { class: "editor" }, view.dom);
    block.hidden = true;
    block.before(frame);
    view.focus();
  }

  #reset(): void {
    this.#program.terminate();
    this.#inspector.close();
    this.#editor?.replace(this.#original);
    this.#stage.clear();
    this.#output.clear();
  }
}
