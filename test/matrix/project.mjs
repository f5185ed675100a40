// A temporary project like a user's, empty except for the packed package and the tools that it
// names.

import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { programsModule, withoutTypes } from "./programs.mjs";

/** @type {Record<string, string>} */
const VERSIONS = JSON.parse(readFileSync(new URL("versions.json", import.meta.url), "utf8"));
const APPS = new URL("apps/", import.meta.url);

/** Milliseconds until an unfinished command is killed. */
const PATIENCE = 180_000;

export class Project {
  folder = mkdtempSync(join(tmpdir(), "mysyncio-matrix-"));
  /** The output of its commands. */
  log = "";
  /** @type {Set<import("node:child_process").ChildProcess>} */
  #running = new Set();
  #path;

  /**
   * @param {string} tarball Installed beside the tools of a row.
   * @param {string[]} path Folders that are searched first for programs.
   */
  constructor(tarball, path = []) {
    this.tarball = tarball;
    this.#path = [join(this.folder, "node_modules", ".bin"), ...path];
    this.write("package.json", `${JSON.stringify({ private: true, type: "module" })}\n`);
  }

  /** @param {...string} path */
  file(...path) {
    return join(this.folder, ...path);
  }

  /** @param {string} name @param {string} content */
  write(name, content) {
    mkdirSync(dirname(this.file(name)), { recursive: true });
    writeFileSync(this.file(name), content);
  }

  /**
   * Copies files of `apps/` and writes the README's programs beside them, as TypeScript or
   * JavaScript.
   *
   * @param {"ts" | "js"} language
   * @param {string[]} apps
   */
  copy(language, apps) {
    const sources = apps.map((name) => [name, readFileSync(new URL(`${name}.ts`, APPS), "utf8")]);
    for (const [name = "", source = ""] of [...sources, ["programs", programsModule()]]) {
      this.write(`${name}.${language}`, language === "js" ? withoutTypes(source) : source);
    }
  }

  /**
   * Installs the package and tools, with their versions from `versions.json`.
   *
   * @param {string[]} tools
   */
  async install(tools) {
    const specifiers = tools.map((tool) => {
      const version = VERSIONS[tool];
      if (version === undefined) throw new Error(`versions.json has no ${tool}`);
      return `${tool.replace(/(?<=.)@.*/, "")}@${version}`;
    });
    const packages = [...(this.tarball === "" ? [] : [this.tarball]), ...specifiers];
    await this.run("npm", [
      ...["install", "--save-exact", "--no-audit", "--no-fund", "--prefer-offline"],
      ...packages,
    ]);
  }

  /** The version of an installed package. @param {string} name */
  versionOf(name) {
    const { version } = JSON.parse(
      readFileSync(this.file("node_modules", name, "package.json"), "utf8"),
    );
    return String(version);
  }

  /**
   * Starts a command. Its output goes to the log, except for browsers, whose output is mostly about
   * the machine.
   *
   * @param {string} command
   * @param {string[]} args
   * @param {Record<string, string>} [env]
   * @param {boolean} [logged]
   */
  start(command, args, env = {}, logged = true) {
    this.log += `> ${command} ${args.join(" ")}\n`;
    const { NODE_OPTIONS: _, ...inherited } = process.env;
    const child = spawn(command, args, {
      cwd: this.folder,
      // In its own process group, so that everything it started ends with it.
      detached: true,
      stdio: ["ignore", "pipe", "pipe"],
      env: {
        ...inherited,
        PATH: [...this.#path, process.env["PATH"] ?? ""].join(delimiter),
        NO_COLOR: "1",
        CI: "1",
        ...env,
      },
    });
    this.#running.add(child);
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (text) => {
        if (logged) this.log += text;
      });
    }
    child.on("error", (error) => {
      this.log += `${error}\n`;
    });
    child.on("close", () => this.#running.delete(child));
    return child;
  }

  /**
   * Runs a command to its end and returns its output.
   *
   * @param {string} command
   * @param {string[]} args
   * @param {{ env?: Record<string, string>, patience?: number }} [options]
   * @returns {Promise<string>}
   */
  run(command, args, { env = {}, patience = PATIENCE } = {}) {
    return new Promise((resolve, reject) => {
      const child = this.start(command, args, env);
      let output = "";
      child.stdout.on("data", (text) => {
        output += text;
      });
      const timer = setTimeout(() => {
        reject(new Error(`\`${command} ${args[0]}\` has not ended after ${patience} ms`));
        kill(child);
      }, patience);
      child.on("error", reject);
      child.on("close", (code, signal) => {
        clearTimeout(timer);
        if (code === 0) resolve(output);
        else reject(new Error(`\`${command} ${args[0]}\` ended with ${code ?? signal}`));
      });
    });
  }

  /** Kills running processes, and removes the folder unless `keep` is set. @param {boolean} keep */
  end(keep) {
    this.#running.forEach(kill);
    if (!keep) rmSync(this.folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** @param {import("node:child_process").ChildProcess} child */
export function kill(child) {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, "SIGKILL");
  } catch (error) {
    // It has ended meanwhile.
    if (/** @type {NodeJS.ErrnoException} */ (error).code !== "ESRCH") throw error;
  }
}
