// Programs without a page: Node, Bun, Deno.

import { existsSync, readFileSync } from "node:fs";
import { PROGRAMS, withoutTypes } from "../programs.mjs";

const MAIN = `
import { writeFileSync } from "node:fs";
import { check } from "./check.ts";
import * as threads from "./nodeThreads.ts";
import { programs } from "./programs.ts";

writeFileSync("results.json", JSON.stringify(await check(programs, threads)));
`;

export const runtimes = [
  ...["20", "22", "24", "26"].map((line) => ({
    name: `Node ${line}`,
    key: `node${line}`,
    // Node 20 does not strip types.
    row: runtime(`node@${line}`, ["node"], line === "20" ? "js" : "ts"),
  })),
  { name: "Bun", key: "bun", row: runtime("bun", ["bun"], "ts") },
  { name: "Deno", key: "deno", row: runtime("deno", ["deno", "run", "--allow-all"], "ts") },
];

/**
 * @param {string} tool
 * @param {string[]} command
 * @param {"ts" | "js"} language
 * @returns {import("../row.mjs").Run}
 */
function runtime(tool, command, language) {
  return async ({ project }) => {
    const [program = "", ...args] = command;
    await project.install([tool, "piscina"]);
    const version = await project.run(program, ["--version"]);
    for (const [i, { source, output }] of PROGRAMS.entries()) {
      const file = `readme${i + 1}.${language}`;
      project.write(file, language === "js" ? withoutTypes(source) : source);
      const printed = await project.run(program, [...args, file], { patience: 30_000 });
      if (printed !== output) throw new Error(`${file} of the README printed:\n${printed}`);
    }
    project.copy(language, ["check", "nodeTasks", "nodeThreads"]);
    project.write(`main.${language}`, language === "js" ? withoutTypes(MAIN) : MAIN);
    const exit = await project
      .run(program, [...args, `main.${language}`], { patience: 60_000 })
      .then(
        () => "ok",
        (error) => {
          if (!existsSync(project.file("results.json"))) throw error;
          return `${error.message}, though its checks had`;
        },
      );
    const results = JSON.parse(readFileSync(project.file("results.json"), "utf8"));
    return { version: version.match(/\d[\d.]*/)?.[0] ?? version, results: { ...results, exit } };
  };
}
