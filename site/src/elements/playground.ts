// <my-playground>: any program, run, inspected or explored, and a benchmark of this browser.

import type { Answer, Explored, Measured } from "../lib/protocol.ts";
import { button, make } from "./dom.ts";
import { LazyEditor } from "./lazyEditor.ts";
import { LazyInspector } from "./lazyInspector.ts";
import { Output } from "./output.ts";
import { Program } from "./program.ts";
import { SAMPLES } from "./samples.ts";
import { fromFragment, type Shared, toFragment } from "./shareLink.ts";
import { timelineOf } from "./timeline.ts";

const TABS = [
  { name: "run", title: "Program" },
  { name: "inspect", title: "Inspect" },
  { name: "explore", title: "Explore" },
  { name: "benchmark", title: "Benchmark" },
] as const;

type Tab = (typeof TABS)[number]["name"];

const MAX_RUNS = 2_000;

/** Fills the element. Returns a function to call when it leaves the page. */
export function mountPlayground(host: HTMLElement): () => void {
  const playground = new Playground();
  host.replaceChildren(playground.element);
  const listen = () => void playground.open(location.hash);
  addEventListener("hashchange", listen);
  void playground.open(location.hash).then(() => {
    host.dataset["ready"] = "";
  });
  return () => {
    removeEventListener("hashchange", listen);
    playground.leave();
  };
}

class Playground {
  readonly element: HTMLElement;
  readonly #output = new Output(true);
  readonly #program = new Program((answer) => this.#hear(answer));
  readonly #inspector = new LazyInspector(this.#program);
  readonly #editor: LazyEditor;
  readonly #found = make("div", { class: "found" });
  readonly #tabs = new Map<Tab, HTMLButtonElement>();
  readonly #panel = make("div", { class: "panel", role: "tabpanel" });
  readonly #clock = choiceOf("Clock", ["real", "virtual"]);
  readonly #strategy = choiceOf("Strategy", ["random", "pct", "exhaustive"]);
  readonly #samples = choiceOf(
    "Example",
    SAMPLES.map(({ title }) => title),
  );
  readonly #options = make("div", { class: "options" });
  #tab: Tab = "run";

  constructor() {
    this.#editor = new LazyEditor(SAMPLES[0]?.program ?? "", "Program", () => this.#start());
    this.#samples.select.addEventListener("change", () => this.#useSample());
    const tabs = TABS.map(({ name, title }) => {
      const tab = make("button", {
        type: "button",
        role: "tab",
        id: `tab-${name}`,
        onclick: () => this.#choose(name),
        onkeydown: (event) => this.#moveBetweenTabs(event as KeyboardEvent),
      });
      tab.append(title);
      this.#tabs.set(name, tab);
      return tab;
    });
    const toolbar = make(
      "div",
      { class: "toolbar" },
      button("Run", () => this.#start(), "main"),
      button("Cancel", () => this.#program.cancel()),
      button("Share", () => void this.#share()),
    );
    this.#panel.append(
      this.#options,
      make("div", { class: "program" }, this.#editor.element, toolbar),
      make(
        "div",
        { class: "shown" },
        this.#found,
        this.#output.element,
        make("p", { class: "nothing hint" }, "What the program prints appears here."),
      ),
      this.#inspector.element,
    );
    this.element = make(
      "div",
      { class: "playground" },
      make("div", { role: "tablist", "aria-label": "What to do", class: "tabs" }, ...tabs),
      this.#panel,
    );
    this.#choose("run");
  }

  /** Puts the program of a link into the editor. It runs only when the reader starts it. */
  async open(fragment: string): Promise<void> {
    try {
      const shared = await fromFragment(fragment);
      if (shared === undefined) return;
      this.#clock.select.value = shared.clock;
      this.#strategy.select.value = shared.strategy;
      this.#editor.replace(shared.program);
      this.#choose(shared.tab);
      this.#output.say("This program came with the link. Read it before you run it.", "ended");
    } catch (error) {
      const reason = error instanceof RangeError || error instanceof TypeError ? error.message : "";
      this.#output.say(`The link is damaged. ${reason}`.trim(), "failed");
    }
  }

  leave(): void {
    this.#program.terminate();
    this.#inspector.close();
    this.#editor.destroy();
  }

  #choose(chosen: Tab): void {
    this.#tab = chosen;
    for (const [name, tab] of this.#tabs) {
      tab.setAttribute("aria-selected", String(name === chosen));
      tab.tabIndex = name === chosen ? 0 : -1;
    }
    this.#panel.setAttribute("aria-labelledby", `tab-${chosen}`);
    this.#panel.dataset["tab"] = chosen;
    const { [chosen]: options } = {
      run: [this.#clock],
      inspect: [this.#clock],
      explore: [this.#strategy],
      benchmark: [],
    };
    const labels = [...(chosen === "benchmark" ? [] : [this.#samples]), ...options];
    this.#options.replaceChildren(...labels.map(({ label }) => label), ...hintOf(chosen));
    this.#clear();
  }

  #moveBetweenTabs(event: KeyboardEvent): void {
    const step = { ArrowRight: 1, ArrowLeft: TABS.length - 1 }[event.key];
    if (step === undefined) return;
    const at = TABS.findIndex(({ name }) => name === this.#tab);
    const next = TABS[(at + step) % TABS.length];
    if (next === undefined) return;
    this.#choose(next.name);
    this.#tabs.get(next.name)?.focus();
  }

  #useSample(): void {
    const sample = SAMPLES.find(({ title }) => title === this.#samples.select.value);
    if (sample === undefined) return;
    this.#editor.replace(sample.program);
    this.#choose(sample.tab);
  }

  #clear(): void {
    this.#program.terminate();
    this.#inspector.close();
    this.#output.clear();
    this.#found.replaceChildren();
  }

  #start(): void {
    this.#clear();
    this.#output.say("Running", "running");
    const program = this.#editor.text;
    if (this.#tab === "run" || this.#tab === "inspect") {
      const { clock } = this.#shared();
      const isInspected = this.#tab === "inspect";
      this.#program.start({ kind: "run", program, clock, isInspected });
      if (isInspected) void this.#inspector.open();
    } else if (this.#tab === "explore") {
      const { strategy } = this.#shared();
      this.#program.start({ kind: "explore", program, strategy, runs: MAX_RUNS });
    } else this.#program.start({ kind: "benchmark" });
  }

  #hear(answer: Answer): void {
    this.#inspector.hear(answer);
    if (answer.kind === "log") this.#output.print(answer);
    else if (answer.kind === "explored") this.#showExplored(answer);
    else if (answer.kind === "measured") this.#found.append(measuredLine(answer));
    else if (answer.kind === "ended") this.#output.end(answer);
  }

  #showExplored({ runs, exhausted, failure }: Explored): void {
    if (failure === undefined) {
      const all = exhausted ? "These are all orders it has." : "More orders may exist.";
      this.#found.append(make("p", {}, `No failure in ${runs} runs. ${all}`));
      return;
    }
    const schedule = make("code", {}, `replay(main, ${JSON.stringify(failure.schedule)})`);
    this.#found.append(
      make("p", {}, make("b", {}, `It fails in run ${runs}. `), "To replay that order: ", schedule),
      timelineOf(failure.message),
      make(
        "pre",
        { class: "report", tabindex: 0, role: "region", "aria-label": "Report" },
        failure.message,
      ),
    );
  }

  #shared(): Shared {
    const { strategy, clock } = {
      strategy: this.#strategy.select.value as Shared["strategy"],
      clock: this.#clock.select.value as Shared["clock"],
    };
    const tab = this.#tab === "benchmark" ? "run" : this.#tab;
    return { program: this.#editor.text, tab, clock, strategy };
  }

  async #share(): Promise<void> {
    const fragment = await toFragment(this.#shared());
    history.replaceState(history.state, "", fragment);
    try {
      await navigator.clipboard.writeText(location.href);
      this.#output.say("The link is in the clipboard and in the address bar.", "ended");
    } catch {
      // Some browsers and pages don't allow it.
      this.#output.say("The link is in the address bar.", "ended");
    }
  }
}

function hintOf(tab: Tab): HTMLElement[] {
  if (tab === "inspect") {
    return [make("p", { class: "hint" }, "Runs four turns per second, and shows the loop.")];
  }
  if (tab === "explore") {
    return [
      make(
        "p",
        { class: "hint" },
        "Tries many orders of the function main, which the program exports.",
      ),
    ];
  }
  if (tab === "benchmark") {
    const text =
      "Compares coroutines with promises, in a worker of this browser. Takes a few seconds.";
    return [make("p", { class: "hint" }, text)];
  }
  return [];
}

function choiceOf(
  name: string,
  choices: readonly string[],
): { label: HTMLElement; select: HTMLSelectElement } {
  const select = make(
    "select",
    {},
    ...choices.map((choice) => make("option", { value: choice }, choice)),
  );
  return { label: make("label", {}, `${name} `, select), select };
}

function measuredLine({ what, ours, promises }: Measured): HTMLElement {
  const most = Math.max(ours, promises);
  const row = (name: string, value: number) => {
    const bar = make("span", { class: "bar" });
    bar.style.setProperty("--full", String(value / most));
    const figure = value.toLocaleString("en", { maximumSignificantDigits: 3 });
    return make("tr", {}, make("th", { scope: "row" }, name), make("td", {}, bar, figure));
  };
  return make(
    "table",
    { class: "measured" },
    make("caption", {}, `${what}, per second`),
    make("tbody", {}, row("mysyncio", ours), row("promises", promises)),
  );
}
