// Marks the awaits of the scenarios, and those of the packages unless MYSYNCIO_MARKED is
// "scenarios".

import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import register from "../../dist/register.js";

const file = new URL("package.json", import.meta.url);
const { devDependencies } = JSON.parse(readFileSync(file, "utf8"));
const isNative = process.env["MYSYNCIO_MARKED"] === "scenarios";

process.chdir(fileURLToPath(new URL(".", import.meta.url)));
register({ dependencies: isNative ? [] : Object.keys(devDependencies) });
