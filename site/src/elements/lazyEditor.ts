// A program that can be edited at once, in a plain text area. CodeMirror takes its place when the
// reader first does anything, so that it doesn't delay the page.

import type { EditorView } from "@codemirror/view";
import { make } from "./dom.ts";

const SIGNS_OF_LIFE = ["pointermove", "pointerdown", "keydown", "touchstart", "focusin"] as const;

export class LazyEditor {
  readonly element: HTMLElement;
  readonly #area: HTMLTextAreaElement;
  readonly #label: string;
  readonly #run: () => void;
  readonly #attention = new AbortController();
  #view: EditorView | undefined;

  constructor(text: string, label: string, run: () => void) {
    this.#label = label;
    this.#run = run;
    this.#area = make("textarea", { class: "plain", "aria-label": label, spellcheck: "false" });
    this.#area.value = text;
    this.element = make("div", { class: "editor" }, this.#area);
    const { signal } = this.#attention;
    for (const type of SIGNS_OF_LIFE) {
      addEventListener(type, () => void this.#load(), { signal, passive: true });
    }
  }

  get text(): string {
    return this.#view?.state.doc.toString() ?? this.#area.value;
  }

  replace(text: string): void {
    this.#area.value = text;
    const length = this.#view?.state.doc.length ?? 0;
    this.#view?.dispatch({ changes: { from: 0, to: length, insert: text } });
  }

  destroy(): void {
    this.#attention.abort();
    this.#view?.destroy();
  }

  async #load(): Promise<void> {
    this.#attention.abort();
    const { newEditor } = await import("./editor.ts");
    if (!this.#area.isConnected) return;
    const hadFocus = document.activeElement === this.#area;
    const { value, selectionStart } = this.#area;
    this.#view = newEditor(value, this.#label, this.#run);
    this.#area.replaceWith(this.#view.dom);
    if (!hadFocus) return;
    this.#view.dispatch({ selection: { anchor: selectionStart } });
    this.#view.focus();
  }
}
