// Explores the scenarios of correct packages, with awaits marked in the scenarios only. A failure
// is a false alarm.

import { explore, io } from "../../dist/testing.js";
import { CORRECT } from "./correct.mjs";

const RUNS = 300;

for (const [title, load] of Object.entries(CORRECT)) {
  const scenario = await load();
  await explore(() => scenario(() => undefined, io), { runs: RUNS, seed: 1 }).catch((error) => {
    process.exitCode = 1;
    console.log(`FAIL ${title}: ${error.message}`);
  });
}
