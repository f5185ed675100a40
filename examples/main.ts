// npm start [-- URL ...]: every program after the other, or only the one that fetches, with these URLs.
//
// Each program is a module of its own, which runs when it is imported.

import { argv } from "node:process";

const programs = {
  helloWorld: () => import("./helloWorld.ts"),
  twoTasks: () => import("./twoTasks.ts"),
  yieldFrom: () => import("./yieldFrom.ts"),
  sleeping: () => import("./sleeping.ts"),
  aTask: () => import("./aTask.ts"),
  aFuture: () => import("./aFuture.ts"),
  urlsInParallel: () => import("./urlsInParallel.ts"),
  tasksPerSecond: () => import("./tasksPerSecond.ts"),
};

if (argv.length > 2) {
  await programs.urlsInParallel();
} else {
  for (const [name, runProgram] of Object.entries(programs)) {
    console.log(`\n== ${name}`);
    await runProgram();
  }
}
