// <my-core>: the compiled core, with its timer heap as it lies in memory.
//
// The page calls the core's exports itself. Before and after each call it reads the records of the
// heap from memory, and derives how the hole moved: a call that adds a timer moves parents down a
// path, and each of those moves is shown.

import type { CoreExports } from "../../../src/core/compile.ts";
import { button, make, prefersStillness } from "./dom.ts";

/** A record has 16 bytes: the deadline, the order of arrival and the id of the slot. */
const RECORD_SIZE = 16;
const SHOWN = 21;
const STEP_DURATION = 600;

interface Timer {
  readonly when: number;
  readonly arrival: number;
  readonly id: number;
}

/** Loads the core, and fills the element. Returns a function to call when it leaves the page. */
export function mountCoreMemory(host: HTMLElement): () => void {
  const status = make("p", { class: "state", role: "status" }, "Loading the core");
  host.replaceChildren(status);
  loadCore().then(
    (core) => {
      host.replaceChildren(new CoreView(core).element);
      host.dataset["ready"] = "";
    },
    (error: Error) => {
      status.textContent = `The core can't run here: ${error.message}`;
      host.dataset["ready"] = "";
    },
  );
  return () => host.replaceChildren();
}

async function loadCore(): Promise<CoreExports> {
  const response = await fetch(new URL("core.wasm", import.meta.url));
  if (!response.ok) throw new Error(`The server answered ${response.status}`);
  const { instance } = await WebAssembly.instantiate(await response.arrayBuffer());
  return instance.exports as unknown as CoreExports;
}

class CoreView {
  readonly element: HTMLElement;
  readonly #core: CoreExports;
  readonly #tree = make("div", { class: "tree" });
  readonly #bytes = make("pre", {
    class: "bytes",
    tabindex: 0,
    role: "region",
    "aria-label": "The heap's memory",
  });
  readonly #caption = make("p", { class: "caption", "aria-live": "polite" });
  readonly #add: HTMLButtonElement;
  readonly #fire: HTMLButtonElement;
  readonly #cancel: HTMLButtonElement;
  #now = 0;

  constructor(core: CoreExports) {
    this.#core = core;
    core.reset(0, 0);
    this.#add = button("Add a timer", () => void this.#addTimer(), "main");
    this.#fire = button("Let the first one fire", () => void this.#turn());
    this.#cancel = button("Cancel one", () => void this.#cancelTimer());
    this.element = make(
      "div",
      { class: "core" },
      make("div", { class: "toolbar" }, this.#add, this.#fire, this.#cancel),
      this.#caption,
      this.#tree,
      make(
        "p",
        { class: "hint" },
        "The same in memory: 16 bytes per timer, as the core wrote them.",
      ),
      this.#bytes,
    );
    for (const when of [40, 90, 20, 70, 60, 100]) core.addTimer(core.allocate(), when);
    this.#caption.textContent = "Six timers. Each is due before its up to four children.";
    this.#show(this.#timers(), new Set());
  }

  #timers(): Timer[] {
    const { memory, heap, timers } = this.#core;
    const view = new DataView(memory.buffer, heap.value >>> 0);
    return Array.from({ length: timers.value }, (_, index) => ({
      when: view.getFloat64(index * RECORD_SIZE, true),
      arrival: view.getUint32(index * RECORD_SIZE + 8, true),
      id: view.getUint32(index * RECORD_SIZE + 12, true),
    }));
  }

  async #addTimer(): Promise<void> {
    const when = this.#now + 10 + Math.floor(Math.random() * 12) * 10;
    await this.#change(`addTimer: one that is due at ${when} ms sifts up`, () =>
      this.#core.addTimer(this.#core.allocate(), when),
    );
  }

  async #turn(): Promise<void> {
    const [first] = this.#timers();
    if (first === undefined) return;
    this.#now = Math.max(this.#now, first.when);
    await this.#change(
      `turn: the clock is at ${this.#now} ms; the last record fills the hole`,
      () => {
        const tail = this.#core.turn(this.#now, 0, 0);
        // Nothing runs the batch here, so its slots are released at once.
        const rings = new Int32Array(this.#core.memory.buffer, this.#core.rings.value, 12);
        const entries = new Int32Array(this.#core.memory.buffer, (rings[4] as number) >>> 0, tail);
        for (const id of Array.from(entries)) this.#core.release(id);
      },
    );
  }

  async #cancelTimer(): Promise<void> {
    const timers = this.#timers();
    const chosen = timers[Math.floor(timers.length / 2)];
    if (chosen === undefined) return;
    await this.#change(`release: the timer due at ${chosen.when} ms leaves the heap`, () =>
      this.#core.release(chosen.id),
    );
  }

  /** Makes one call, and shows what it moved, one record after the other. */
  async #change(caption: string, call: () => void): Promise<void> {
    const before = this.#timers();
    call();
    const after = this.#timers();
    this.#caption.textContent = caption;
    for (const control of [this.#add, this.#fire, this.#cancel]) control.disabled = true;
    for (const { picture, moved } of movesBetween(before, after)) {
      this.#show(picture, moved);
      if (!prefersStillness()) await pause();
    }
    this.#show(after, new Set());
    const size = after.length;
    this.#add.disabled = size >= SHOWN;
    this.#fire.disabled = size === 0;
    this.#cancel.disabled = size === 0;
  }

  #show(timers: readonly (Timer | undefined)[], moved: ReadonlySet<number>): void {
    const levels: HTMLElement[] = [];
    for (let start = 0, width = 1; start < Math.max(timers.length, 1); start += width, width *= 4) {
      const cells = timers.slice(start, start + width).map((timer, offset) => {
        const index = start + offset;
        const kind = ["cell", moved.has(index) ? "moved" : "", timer ? "" : "hole"].join(" ");
        const parent = index === 0 ? "" : `child of ${(index - 1) >> 2}`;
        const text = timer === undefined ? "hole" : `${timer.when} ms`;
        return make(
          "li",
          { class: kind },
          make("b", {}, text),
          make("small", {}, `${index} ${parent}`),
        );
      });
      levels.push(make("ol", { class: "level" }, ...cells));
    }
    this.#tree.replaceChildren(...levels);
    this.#bytes.replaceChildren(...this.#rows(moved));
  }

  #rows(moved: ReadonlySet<number>): HTMLElement[] {
    const { memory, heap } = this.#core;
    const count = Math.max(this.#timers().length, 1);
    return Array.from({ length: count }, (_, index) => {
      const address = (heap.value >>> 0) + index * RECORD_SIZE;
      const bytes = new Uint8Array(memory.buffer, address, RECORD_SIZE);
      const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0"));
      const text = [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12)].map((part) => part.join(" "));
      const line = `${address.toString(16).padStart(5, "0")}  ${text.join("  ")}\n`;
      return make("span", { class: moved.has(index) ? "moved" : "" }, line);
    });
  }
}

interface Picture {
  readonly picture: readonly (Timer | undefined)[];
  readonly moved: ReadonlySet<number>;
}

/**
 * The pictures between two states of the heap. A call moves records one after the other into a
 * hole: from the bottom up if the hole rose, else from the top down.
 */
export function movesBetween(before: readonly Timer[], after: readonly Timer[]): Picture[] {
  const changed = after.flatMap(({ id }, index) => (before[index]?.id === id ? [] : [index]));
  const isRising = after.length > before.length;
  const order = isRising ? changed.toReversed() : changed;
  const current: (Timer | undefined)[] = [...before.slice(0, after.length)];
  const pictures: Picture[] = [];
  for (const index of order) {
    current[index] = undefined;
    pictures.push({ picture: [...current], moved: new Set([index]) });
    current[index] = after[index];
    pictures.push({ picture: [...current], moved: new Set([index]) });
  }
  return pictures;
}

function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, STEP_DURATION / 2));
}
