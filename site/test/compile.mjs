// Compiles programs that are not files, such as the blocks of a page.

import ts from "typescript";
import { at } from "../prepare/places.mjs";
import { entries } from "../prepare/reference.mjs";

/**
 * Where the programs are, as far as the compiler knows: next to the frameworks, whose types some of
 * them import.
 */
export const PROGRAMS = at("test/adapters/programs");

/** @type {ts.CompilerOptions} */
const OPTIONS = {
  target: ts.ScriptTarget.ES2022,
  module: ts.ModuleKind.ESNext,
  moduleResolution: ts.ModuleResolutionKind.Bundler,
  moduleDetection: ts.ModuleDetectionKind.Force,
  lib: ["lib.es2023.d.ts", "lib.dom.d.ts", "lib.dom.iterable.d.ts", "lib.esnext.disposable.d.ts"],
  types: [],
  strict: true,
  noEmit: true,
  skipLibCheck: true,
  jsx: ts.JsxEmit.ReactJSX,
  allowImportingTsExtensions: true,
  paths: {
    ...Object.fromEntries(entries().map(({ name, declarations }) => [name, [declarations]])),
    stage: [at("site/src/lib/stage.ts")],
    // For the declarations of the package, which have no frameworks beside them.
    ...Object.fromEntries(
      ["@types/express", "fastify", "hono"].map((name) => [
        name.replace("@types/", ""),
        [at(`test/adapters/node_modules/${name}`)],
      ]),
    ),
    ...Object.fromEntries(
      ["bullmq", "@bull-board/api/bullMQAdapter"].map((name) => [
        name,
        [at(`site/test/node_modules/${name}`)],
      ]),
    ),
  },
};

/** Whether the compiler complains, with this code, that something has no type. @param {number} code */
const wantsType = (code) => (code >= 7000 && code < 7100) || code === 18046;

/**
 * The compiler's complaints about programs.
 *
 * @param {Map<string, string>} programs by file
 * @param {(file: string) => boolean} isUntyped whether a program is JavaScript, without types
 */
export function complaintsAbout(programs, isUntyped = () => false) {
  const host = ts.createCompilerHost(OPTIONS);
  const { fileExists, readFile } = host;
  host.fileExists = (name) => programs.has(name) || fileExists.call(host, name);
  host.readFile = (name) => programs.get(name) ?? readFile.call(host, name);
  // Otherwise, the compiler doesn't look for files in folders that don't exist.
  host.directoryExists = () => true;
  const read = host.getSourceFile.bind(host);
  host.getSourceFile = (name, version) => {
    const text = programs.get(name);
    return text === undefined ? read(name, version) : ts.createSourceFile(name, text, version);
  };
  const compiled = ts.createProgram([...programs.keys()], OPTIONS, host);
  return [...programs.keys()].flatMap((name) =>
    ts
      .getPreEmitDiagnostics(compiled, compiled.getSourceFile(name))
      .filter(({ code }) => !(isUntyped(name) && wantsType(code)))
      .map(({ messageText, start }) => {
        const line = programs.get(name)?.slice(0, start).split("\n").length;
        return `${name}:${line}: ${ts.flattenDiagnosticMessageText(messageText, "\n")}`;
      }),
  );
}
