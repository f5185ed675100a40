// Compiles the types of the packed package as its users do: with several versions of TypeScript and
// of Node's types, with and without the DOM, and with every strictness check of declarations.
//
// Each compiler is tried with the newest types of Node, and the types of each line of Node with the
// compiler that built the package.

import { execFileSync, spawnSync } from "node:child_process";
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { run } from "./shell.mjs";

const TOOLS = "test/types/matrix";
/** How many stars are missing in `programs/forgottenStar.ts`. */
const FORGOTTEN_STARS = 3;
/** Outside of the project, whose own types of Node would be found otherwise. */
const FOLDER = mkdtempSync(join(tmpdir(), "mysyncio-types-"));

if (!run(`node .ci/setup.mjs ${TOOLS}`)) process.exit(1);
const installed = readdirSync(`${TOOLS}/node_modules`);
const compilers = installed.filter((name) => name.startsWith("typescript-"));
const nodes = installed.filter((name) => name.startsWith("node-"));
const newest = String(nodes.at(-1));
const ours = compilers.find((name) => versionOf(name) === versionOf("typescript")) ?? "";
if (ours === "") throw new Error("The package's own compiler is missing from the matrix");
const rows = new Set([
  ...compilers.map((compiler) => `${compiler} ${newest}`),
  ...nodes.map((node) => `${ours} ${node}`),
]);

unpack();
let failed = 0;
for (const row of rows) {
  const [compiler = "", node = ""] = row.split(" ");
  for (const hasDom of [true, false]) {
    const name = `TypeScript ${versionOf(compiler)}, @types/node ${versionOf(node)}, ${hasDom ? "with" : "without"} DOM`;
    const { status, stdout } = compile(compiler, node, hasDom);
    console.log(`${status === 0 ? "ok  " : "FAIL"} ${name}`);
    if (status !== 0) console.log(stdout);
    failed += Number(status !== 0);
  }
}
// A browser has no types of Node. The DOM has all that the main entry names.
for (const compiler of compilers) {
  const { status, stdout } = compile(compiler, undefined, true);
  console.log(
    `${status === 0 ? "ok  " : "FAIL"} TypeScript ${versionOf(compiler)}, without types of Node`,
  );
  if (status !== 0) console.log(stdout);
  failed += Number(status !== 0);
}
// Each compiler names the fix for a forgotten star.
for (const compiler of compilers) {
  const { status, stdout } = compileFiles(compiler, newest, true, ["forgottenStar.ts"]);
  const hints = stdout.match(/forgot the star\?/g)?.length ?? 0;
  const isHelpful = status !== 0 && hints === FORGOTTEN_STARS;
  console.log(
    `${isHelpful ? "ok  " : "FAIL"} TypeScript ${versionOf(compiler)} names ${hints} of ${FORGOTTEN_STARS} forgotten stars`,
  );
  if (!isHelpful) console.log(stdout);
  failed += Number(!isHelpful);
}
rmSync(FOLDER, { recursive: true });
process.exitCode = failed > 0 ? 1 : 0;

/** Installs the files that npm would publish where a program in FOLDER finds them. */
function unpack() {
  const target = join(FOLDER, "node_modules/mysyncio");
  mkdirSync(target, { recursive: true });
  mkdirSync(join(FOLDER, "node_modules/@types"));
  const packed = execFileSync(
    "npm",
    ["pack", "--json", "--ignore-scripts", "--pack-destination", FOLDER],
    {
      encoding: "utf8",
      shell: process.platform === "win32",
    },
  );
  const [{ filename }] = JSON.parse(packed);
  execFileSync("tar", ["-xzf", join(FOLDER, filename), "-C", target, "--strip-components=1"]);
}

/**
 * @param {string} compiler
 * @param {string | undefined} node the version of Node's types, or undefined for none
 * @param {boolean} hasDom
 */
function compile(compiler, node, hasDom) {
  const files = [node === undefined ? "main.ts" : "node.ts", ...(hasDom ? ["browser.ts"] : [])];
  return compileFiles(compiler, node, hasDom, files);
}

/**
 * @param {string} compiler
 * @param {string | undefined} node
 * @param {boolean} hasDom
 * @param {readonly string[]} files
 */
function compileFiles(compiler, node, hasDom, files) {
  for (const file of files) copyFileSync(`${TOOLS}/programs/${file}`, join(FOLDER, file));
  const types = join(FOLDER, "node_modules/@types/node");
  rmSync(types, { recursive: true, force: true });
  if (node !== undefined) symlinkSync(resolve(TOOLS, "node_modules", node), types, "junction");
  const config = {
    compilerOptions: {
      target: "ES2022",
      lib: ["ES2022", "ESNext.Disposable", ...(hasDom ? ["DOM", "DOM.Iterable"] : [])],
      types: node === undefined ? [] : ["node"],
      module: "NodeNext",
      moduleResolution: "NodeNext",
      strict: true,
      exactOptionalPropertyTypes: true,
      skipLibCheck: false,
      noEmit: true,
    },
    files,
  };
  writeFileSync(join(FOLDER, "tsconfig.json"), JSON.stringify(config));
  writeFileSync(join(FOLDER, "package.json"), JSON.stringify({ type: "module" }));
  const program = resolve(TOOLS, "node_modules", compiler, "bin/tsc");
  return spawnSync(process.execPath, [program, "-p", FOLDER], { encoding: "utf8" });
}

/** @param {string} name */
function versionOf(name) {
  const folder = name === "typescript" ? "node_modules" : `${TOOLS}/node_modules`;
  return JSON.parse(readFileSync(`${folder}/${name}/package.json`, "utf8")).version;
}
