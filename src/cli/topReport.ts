// The text of `mysyncio top`.

import { aligned, counted, placeOf, titleIn } from "./reportText.ts";
import type { TopGroup, TopLoop, TopSample } from "./topSampler.ts";

const HEAD = ["tasks", "ready", "busy", "steps/s", "longest", "coroutine", "at", "most wait for"];
const NUMBERS = [0, 1, 2, 3, 4];

export function topText(sample: TopSample): string {
  if (sample.loops.length === 0) return `No loop is running in ${titleIn(sample)}.`;
  return sample.loops.map((loop) => loopText(loop, titleIn(sample))).join("\n\n");
}

function loopText(loop: TopLoop, title: string): string {
  const { tasks, ready, timers, externals, busy, lag, turns, steps, started, ended } = loop;
  const facts = [
    `${percent(busy)} busy`,
    lag === null ? "" : `timers ${lag.toFixed(1)} ms late`,
    `${whole(turns)} turns/s`,
    `${whole(steps)} steps/s`,
    `${counted(tasks, "task")} (+${whole(started)} -${whole(ended)} /s)`,
    `${whole(ready)} ready`,
    counted(timers, "timer"),
    externals > 0 ? `${counted(externals, "wait")} for something outside` : "",
  ].filter((fact) => fact !== "");
  const lines = [`loop ${loop.id} of ${title}`, `  ${facts.join(", ")}`];
  if (loop.groups.length > 0) lines.push(...aligned([HEAD, ...loop.groups.map(rowOf)], NUMBERS));
  if (loop.moreGroups > 0) lines.push(`  ... and ${counted(loop.moreGroups, "more group")}`);
  return lines.join("\n");
}

function rowOf(group: TopGroup): string[] {
  const { coroutine, tasks, ready, running, waitsFor, busy, steps, longestStep, stack } = group;
  return [
    whole(tasks),
    whole(ready + running),
    percent(busy),
    whole(steps),
    longestStep === null ? "" : `${longestStep.toFixed(1)} ms`,
    coroutine || "anonymous",
    placeOf(stack),
    waitsFor ?? (running > 0 ? "running" : ""),
  ];
}

function percent(part: number): string {
  return `${(part * 100).toFixed(part < 0.1 ? 1 : 0)}%`;
}

function whole(number: number): string {
  return Math.round(number).toLocaleString("en");
}
