// Runs the scenarios of correct packages in real time, and prints what each logs. The caller runs
// it with and without the plugin.

import { setImmediate } from "node:timers/promises";
import { CORRECT } from "./correct.mjs";

const io = async (/** @type {any} */ answer) => {
  await setImmediate();
  return answer;
};
for (const [title, load] of Object.entries(CORRECT)) {
  const events = /** @type {unknown[]} */ ([]);
  const scenario = await load();
  await scenario((event) => void events.push(event), io);
  console.log(title, JSON.stringify(events));
}
