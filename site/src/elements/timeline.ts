// The steps of a failing order: a row for each task, a column for each step.

import { make } from "./dom.ts";

interface Step {
  readonly number: string;
  readonly time: string;
  readonly who: string;
  readonly what: string;
  /** Whether another task could have run instead. */
  readonly isChoice: boolean;
}

const STEP =
  /^ +(\d+)\. (\S+ ms): (.*?) ((?:starts|resumes|expires|runs|ends|is requested)\b.*?)(, one of \d+ ready)?$/;

/** Reads the steps that the message of a ScheduleError lists. */
export function stepsIn(message: string): Step[] {
  return message.split("\n").flatMap((line) => {
    const [, number, time, who, what = "", choice] = STEP.exec(line) ?? [];
    if (number === undefined || time === undefined || who === undefined) return [];
    const [task, step] = [who, what].map((text) => text.replaceAll("`", "")) as [string, string];
    return [{ number, time, who: task, what: step, isChoice: choice !== undefined }];
  });
}

/** Draws the steps in such a message as a table, which is readable without the styles too. */
export function timelineOf(message: string): HTMLElement {
  const steps = stepsIn(message);
  const tasks = [...new Set(steps.map(({ who }) => who))];
  const head = make(
    "tr",
    {},
    make("th", { scope: "col" }, "step"),
    ...steps.map(({ number, time }) =>
      make("th", { scope: "col" }, number, make("small", {}, time)),
    ),
  );
  const rows = tasks.map((task) =>
    make(
      "tr",
      {},
      make("th", { scope: "row" }, task),
      ...steps.map(({ who, what, isChoice }) => {
        if (who !== task) return make("td");
        const kind = isChoice ? "step choice" : "step";
        return make("td", { class: kind }, make("span", {}, what));
      }),
    ),
  );
  const table = make("table", {}, make("thead", {}, head), make("tbody", {}, ...rows));
  const legend = make("p", { class: "legend" }, "Another task could have run instead.");
  return make(
    "div",
    { class: "timeline", role: "region", "aria-label": "The failing order", tabindex: 0 },
    table,
    legend,
  );
}
