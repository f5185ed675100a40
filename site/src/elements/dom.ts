// Makes elements.

type Attributes = Record<string, string | number | boolean | EventListener>;

/** Makes an element. `onclick` and the like are listeners. `true` is an attribute without value. */
export function make<Name extends keyof HTMLElementTagNameMap>(
  tag: Name,
  attributes: Attributes = {},
  ...children: (Node | string)[]
): HTMLElementTagNameMap[Name] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") element.addEventListener(name.slice("on".length), value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false) element.setAttribute(name, String(value));
  }
  element.append(...children);
  return element;
}

export function button(text: string, onclick: EventListener, kind = ""): HTMLButtonElement {
  return make("button", { type: "button", class: `press ${kind}`.trim(), onclick }, text);
}

/** Whether the reader asked for less movement. */
export function prefersStillness(): boolean {
  return matchMedia("(prefers-reduced-motion: reduce)").matches;
}
