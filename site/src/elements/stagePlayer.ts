// Plays the frames that a program recorded: its queues, heaps and tasks, step by step.
//
// Items that are in two frames in a row slide from their old place to the new one.

import type { Frame, StageItem, StageLane } from "../lib/protocol.ts";
import { button, make, prefersStillness } from "./dom.ts";

const STEP_DURATION = 700;
const SLIDE_DURATION = 350;

export class StagePlayer {
  readonly element: HTMLElement;
  readonly #frames: { readonly frame: Frame; readonly lines: number }[] = [];
  readonly #showLines: (count: number) => void;
  readonly #lanes = make("div", { class: "lanes" });
  readonly #caption = make("p", { class: "caption", "aria-live": "polite" });
  readonly #slider: HTMLInputElement;
  readonly #play: HTMLButtonElement;
  readonly #items = new Map<string, HTMLElement>();
  #at = -1;
  #timer: ReturnType<typeof setInterval> | undefined;

  constructor(showLines: (count: number) => void) {
    this.#showLines = showLines;
    this.#slider = make("input", {
      type: "range",
      min: 0,
      max: 0,
      value: 0,
      "aria-label": "Step",
      oninput: () => this.#pauseAt(this.#slider.valueAsNumber),
    });
    this.#play = button("Play", () => this.#toggle(), "main");
    const controls = make(
      "div",
      { class: "controls" },
      this.#play,
      button("Back", () => this.#pauseAt(this.#at - 1)),
      button("Step", () => this.#pauseAt(this.#at + 1)),
      this.#slider,
    );
    this.element = make(
      "div",
      { class: "stage", role: "group", "aria-label": "The loop, step by step" },
      this.#caption,
      this.#lanes,
      controls,
    );
  }

  get count(): number {
    return this.#frames.length;
  }

  clear(): void {
    this.#pause();
    this.#frames.length = 0;
    this.#items.clear();
    this.#lanes.replaceChildren();
    this.#caption.textContent = "";
    this.#at = -1;
  }

  /** Adds a frame, made after the program had printed `lines` lines. Plays from the first frame. */
  add(frame: Frame, lines: number): void {
    this.#frames.push({ frame, lines });
    this.#slider.max = String(this.#frames.length - 1);
    if (this.#frames.length > 1) return;
    this.#show(0);
    if (!prefersStillness()) this.#start();
  }

  #toggle(): void {
    if (this.#timer !== undefined) this.#pause();
    else this.#start();
  }

  #start(): void {
    if (this.#at >= this.#frames.length - 1 && this.#at > 0) this.#show(0);
    this.#play.textContent = "Pause";
    this.#timer = setInterval(() => this.#advance(), STEP_DURATION);
  }

  #advance(): void {
    if (!this.element.isConnected) this.#pause();
    else if (this.#at < this.#frames.length - 1) this.#show(this.#at + 1);
    else this.#pause();
  }

  #pause(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#play.textContent = "Play";
  }

  #pauseAt(index: number): void {
    this.#pause();
    this.#show(Math.min(Math.max(index, 0), this.#frames.length - 1));
  }

  #show(index: number): void {
    const entry = this.#frames[index];
    if (entry === undefined) return;
    this.#at = index;
    this.#slider.value = String(index);
    this.#slider.setAttribute("aria-valuetext", entry.frame.caption);
    this.#caption.textContent = `${index + 1}/${this.#frames.length}  ${entry.frame.caption}`;
    this.#showLines(entry.lines);
    this.#draw(entry.frame.lanes);
  }

  #draw(lanes: readonly StageLane[]): void {
    const places = new Map([...this.#items].map(([key, item]) => [key, boxOf(item)]));
    this.#items.clear();
    const drawn = lanes.map((lane) => {
      const items = lane.items.map((item) => this.#drawItem(item));
      const list = make("ol", { class: "items" }, ...items);
      return make("div", { class: "lane" }, make("span", { class: "name" }, lane.name), list);
    });
    this.#lanes.replaceChildren(...drawn);
    if (prefersStillness()) return;
    for (const [key, item] of this.#items) slide(item, places.get(key));
  }

  #drawItem({ id, label, detail }: StageItem): HTMLElement {
    const item = make("li", { class: "item" }, make("b", {}, label));
    if (detail !== "") item.append(make("small", {}, detail));
    // A value without identity, or the second place of the same object, has no former place.
    const key = this.#items.has(`${id}`) || id === 0 ? `${id}/${this.#items.size}` : `${id}`;
    this.#items.set(key, item);
    return item;
  }
}

function boxOf(item: HTMLElement): DOMRect {
  return item.getBoundingClientRect();
}

function slide(item: HTMLElement, from: DOMRect | undefined): void {
  const options = { duration: SLIDE_DURATION, easing: "ease-out" };
  if (from === undefined) {
    item.animate([{ opacity: 0, transform: "translateY(-8px)" }, { opacity: 1 }], options);
    return;
  }
  const to = boxOf(item);
  const [x, y] = [from.left - to.left, from.top - to.top];
  if (x === 0 && y === 0) return;
  item.animate([{ transform: `translate(${x}px, ${y}px)` }, { transform: "none" }], options);
}
