// The programs of the tutorial's pages, with the output that each page prints after it.

import { readdirSync, readFileSync } from "node:fs";
import { at } from "../prepare/places.mjs";

const FOLDER = at("site/pages/tutorial");
const PROGRAM =
  /<my-lab name="([^"]*)" (stage|inspect)>\n\n```ts\n(.*?)```\n\n<\/my-lab>\n\n```text\n(.*?)```/gs;

/** @typedef {{ page: string, name: string, shows: string, program: string, output: string }} TutorialProgram */

/** @returns {TutorialProgram[]} */
export function tutorialPrograms() {
  return readdirSync(FOLDER).flatMap((file) => {
    const text = readFileSync(`${FOLDER}/${file}`, "utf8");
    const found = [...text.matchAll(PROGRAM)];
    const labs = text.split("<my-lab").length - 1;
    if (found.length !== labs) throw new Error(`Each program of ${file} needs its output`);
    return found.map(([, name = "", shows = "", program = "", output = ""]) => ({
      page: `tutorial/${file.replace(".md", "")}`,
      name,
      shows,
      program,
      output,
    }));
  });
}
