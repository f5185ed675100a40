// The page: runs cases, and shows each as a chart and a table as soon as it is done.
//
//   /?case=switch&rounds=5   runs one case; without `case`, all of them, one after the other
//
// Each case runs in its own page, for the same reason as in its own process in Node. This page
// shows them in frames.

import { NEUTRAL } from "../cases.ts";
import * as charts from "../harness/charts/charts.ts";
import type { Case } from "../harness/compare.ts";
import { picturesOf } from "../harness/pictures.ts";
import { caseText } from "../harness/report.ts";
import { type CaseResult, runCase } from "../harness/runCase.ts";

declare global {
  /** The result of this page's case. A program that drives a browser waits for it. */
  var benchResult: Promise<CaseResult> | undefined;
}

const DEFAULT_ROUNDS = 11;

const parameters = new URLSearchParams(location.search);
const rounds = Number(parameters.get("rounds") ?? DEFAULT_ROUNDS);
const name = parameters.get("case");

async function measure(caseName: string): Promise<CaseResult> {
  const { default: chosen } = (await import(`/cases/${caseName}.js`)) as { default: Case };
  return runCase(chosen, { rounds });
}

function element<Name extends keyof HTMLElementTagNameMap>(
  tag: Name,
  text = "",
): HTMLElementTagNameMap[Name] {
  const made = document.createElement(tag);
  made.textContent = text;
  return made;
}

function show(result: CaseResult): void {
  const drawn = picturesOf([result], navigator.userAgent).filter(({ name }) => name !== "overview");
  for (const picture of drawn) {
    const figure = element("figure");
    // The picture contains only numbers and words of this project, and the chart library escapes
    // everything it draws.
    figure.innerHTML =
      "bars" in picture ? charts.barsSvg(picture.bars) : charts.linesSvg(picture.lines);
    document.body.append(figure);
  }
  document.body.append(element("pre", caseText(result)));
}

async function showAll(): Promise<void> {
  const state = element("p");
  document.body.append(element("h1", "mysyncio and native promises, in this browser"), state);
  for (const next of NEUTRAL) {
    state.textContent = `measuring ${next} ...`;
    const frame = element("iframe");
    frame.src = `?case=${next}&rounds=${rounds}`;
    document.body.append(frame);
    await new Promise((resolve) => frame.addEventListener("load", resolve));
    await (frame.contentWindow as (Window & Pick<typeof globalThis, "benchResult">) | null)
      ?.benchResult;
    frame.height = `${frame.contentDocument?.body.scrollHeight ?? 400}`;
  }
  state.textContent = "done";
}

if (name === null) {
  await showAll();
} else {
  document.body.append(element("p", `measuring ${name} ...`));
  globalThis.benchResult = measure(name);
  const result = await globalThis.benchResult;
  document.body.replaceChildren();
  show(result);
}
