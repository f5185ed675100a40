// Starts the app of the site, which is Vue and the theme, when the reader first does something.
// Pages are complete without the app, and starting it would be most of the work of opening a page.
//
// If the reader presses a button before the app has started, the press takes effect once it has.
// The build puts this script into each page.

/** The addresses of the app's modules, in order. */
declare const MODULES: readonly string[];

/** A selector of the elements that don't need the app, see src/elements. */
declare const INDEPENDENT: string;

const SIGNS = [
  ...["pointermove", "pointerdown", "touchstart", "wheel", "keydown", "focusin", "click"],
] as const;

const attention = new AbortController();
const held: (() => void)[] = [];
let isStarted = false;

function start(): void {
  if (isStarted) return;
  isStarted = true;
  MODULES.reduce<Promise<unknown>>(
    (previous, module) => previous.then(() => import(module)),
    Promise.resolve(),
  ).catch((error: unknown) => {
    attention.abort();
    throw error;
  });
}

function holdClick(event: MouseEvent): void {
  const pressed = event.target instanceof Element ? event.target.closest("button") : null;
  if (pressed === null || pressed.closest(INDEPENDENT) !== null) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  held.push(() => pressed.click());
}

/** The key that opens the search. */
function holdKey(event: KeyboardEvent): void {
  if (event.key.toLowerCase() !== "k" || !(event.ctrlKey || event.metaKey)) return;
  event.preventDefault();
  held.push(() => dispatchEvent(new KeyboardEvent("keydown", event)));
}

const { signal } = attention;
for (const sign of SIGNS) addEventListener(sign, start, { signal, capture: true, passive: true });
addEventListener("click", holdClick, { signal, capture: true });
addEventListener("keydown", holdKey, { signal, capture: true });
// The theme dispatches this event once the app has started.
document.addEventListener("started", () => {
  attention.abort();
  for (const act of held.splice(0)) act();
});
