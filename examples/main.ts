// npm start [-- URL ...]: runs one program after the other, or with URLs only the one that fetches
// them.
//
// Each program is a module that runs when it is imported.

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
