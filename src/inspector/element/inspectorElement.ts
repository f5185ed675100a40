// <mysyncio-inspector>: shows the loops of a page, or of a process through `mysyncio inspect`.

import { InspectorModel, PANELS, type PanelName } from "./inspectorModel.ts";
import type { InspectorSource } from "./inspectorSource.ts";
import { STYLES } from "./inspectorStyles.ts";
import { drawInspector } from "./inspectorView.ts";
import { ServerSource } from "./serverSource.ts";

export type { TraceEvent } from "../traceEvent.ts";
export type { LoopSnapshot } from "../types.ts";
export type {
  InspectorReading,
  InspectorSource,
  LoopChoice,
  SourceRecording,
} from "./inspectorSource.ts";

const NAME = "mysyncio-inspector";

/** Allows importing this module where no elements exist, as on a server that renders pages. */
const Base = (globalThis.HTMLElement ?? class {}) as typeof HTMLElement;

/**
 * The element `<mysyncio-inspector>`. Importing this module defines it. By default it shows the
 * loops that run in the page, including those of other copies of this package: the ready queue, the
 * timer heap, the task tree, a timeline, the wait-for graph, locks and queues, and warnings.
 *
 * Attributes: `theme` is `light` or `dark`, by default as the system says. `panel` is the panel to
 * show, until the user chooses another one. `pace` is how fast loops run at first: `paused`, or a
 * number of turns per second. `src` is the address of a server that `mysyncio inspect` has started,
 * and `token` its token, by default the fragment of the page's address. `allow-cancel` shows a
 * button that cancels a task, if the source can do that. `fill` makes the element cover the window.
 *
 * While the element is in a document, it counts the steps and callbacks of the shown loop, which
 * makes each of them slower. When it is removed, it stops counting and resumes a paused loop.
 *
 * @example
 * import "mysyncio/inspector/element";
 * document.body.append(document.createElement("mysyncio-inspector"));
 */
export class MysyncioInspector extends Base {
  static readonly observedAttributes = ["src", "token", "panel"];
  readonly #model = new InspectorModel();
  #source: InspectorSource | undefined;
  #root: ShadowRoot | undefined;
  #stopDrawing: (() => void) | undefined;

  /** The source of the data. Set it to show loops that are elsewhere, such as those of a worker. */
  get source(): InspectorSource | undefined {
    return this.#source;
  }

  set source(source: InspectorSource | undefined) {
    this.#source = source;
    if (this.#stopDrawing !== undefined) this.#open();
  }

  connectedCallback(): void {
    if (this.#root === undefined) {
      this.#root = this.attachShadow({ mode: "open" });
      const sheet = new CSSStyleSheet();
      sheet.replaceSync(STYLES);
      this.#root.adoptedStyleSheets = [sheet];
    }
    this.#stopDrawing = drawInspector(this.#model, this.#root);
    this.#open();
  }

  disconnectedCallback(): void {
    this.#model.close();
    this.#stopDrawing?.();
    this.#stopDrawing = undefined;
  }

  attributeChangedCallback(name: string, _: string | null, value: string | null): void {
    if (name === "panel") {
      if (PANELS.some((panel) => panel === value)) this.#model.panel.value = value as PanelName;
    } else if (this.#stopDrawing !== undefined) this.#open();
  }

  #open(): void {
    const model = this.#model;
    model.mayCancel.value = this.hasAttribute("allow-cancel");
    const pace = this.getAttribute("pace");
    model.firstPace = pace === "paused" ? pace : Number(pace) > 0 ? Number(pace) : undefined;
    const src = this.getAttribute("src");
    if (this.#source !== undefined) model.open(this.#source);
    else if (src === null) void this.#openPage();
    else {
      const fragment = location.hash.replace(/^#(token=)?/, "");
      model.open(new ServerSource(src, this.getAttribute("token") ?? fragment));
    }
  }

  /**
   * Shows the loops of this page. Imports the code that reads them only when it is needed, because
   * the page that `mysyncio inspect` serves has no loops.
   */
  async #openPage(): Promise<void> {
    const model = this.#model;
    model.close();
    const { PageSource } = await import("./inspectorPage.ts");
    const isWanted = this.isConnected && this.#source === undefined && !this.hasAttribute("src");
    if (isWanted) model.open(new PageSource(() => void model.refresh()));
  }
}

// Another copy of this module may have defined the element.
if (globalThis.customElements?.get(NAME) === undefined) {
  globalThis.customElements?.define(NAME, MysyncioInspector);
}

declare global {
  interface HTMLElementTagNameMap {
    [NAME]: MysyncioInspector;
  }
}
