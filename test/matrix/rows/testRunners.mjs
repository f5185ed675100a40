// Test runners that load the package into their own realm.

import { readFileSync } from "node:fs";

/** Written to a file, because test runners replace the console. @param {string} header */
const testOf = (header) => `${header}
import { writeFileSync } from "node:fs";
import { check } from "./check.js";
import * as threads from "./nodeThreads.js";
import { programs } from "./programs.js";

test("the package works", async () => {
  writeFileSync("results.json", JSON.stringify(await check(programs, threads)));
}, 60_000);
`;

const vitest = ["vmThreads", "vmForks"].map((pool) => ({
  name: `Vitest, ${pool}`,
  key: `vitest${pool.slice(2)}`,
  row: rowOf("vitest", [], ["vitest", "run", "--pool", pool], 'import { test } from "vitest";'),
}));

const jest = ["node", "jsdom"].map((environment) => ({
  name: `Jest, ${environment}`,
  key: `jest${environment}`,
  row: rowOf("jest", ["jest-environment-jsdom"], ["jest", "--env", environment], ""),
}));

export const testRunners = [...vitest, ...jest];

/**
 * @param {string} tool
 * @param {string[]} others
 * @param {string[]} command
 * @param {string} header
 * @returns {import("../row.mjs").Run}
 */
function rowOf(tool, others, [program = "", ...args], header) {
  return async ({ project }) => {
    await project.install([tool, ...others, "piscina"]);
    project.copy("js", ["check", "nodeTasks", "nodeThreads"]);
    project.write("package.test.js", testOf(header));
    // As Jest's documentation recommends for modules. Vitest needs nothing.
    if (tool === "jest") project.write("jest.config.js", "export default { transform: {} };\n");
    const env = tool === "jest" ? { NODE_OPTIONS: "--experimental-vm-modules" } : {};
    await project.run(program, args, { env, patience: 90_000 });
    return {
      version: project.versionOf(tool),
      results: JSON.parse(readFileSync(project.file("results.json"), "utf8")),
    };
  };
}
