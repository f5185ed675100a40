// Decides which files the transform handles: by default the project's, and dependencies only if
// listed.

import { existsSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import picomatch from "picomatch";
import { checkOptions, describe, outOfRange, wrongType } from "../lang/arguments.ts";
import { hasTag } from "../lang/brands.ts";
import { OWN_PACKAGE } from "./runtime.ts";

/**
 * A glob, absolute or relative to the project's root, or a RegExp that is matched against absolute
 * paths.
 */
export type FilePattern = string | RegExp;

/** Which modules the plugin transforms. */
export interface TransformOptions {
  /** The files to transform, outside node_modules. By default all files in the project's root. */
  readonly include?: FilePattern | readonly FilePattern[];
  /** Files to leave unchanged, even if `include` matches them. */
  readonly exclude?: FilePattern | readonly FilePattern[];
  /** Names of installed packages to transform too. */
  readonly dependencies?: readonly string[];
}

/** Returns whether an absolute path matches. */
type Matches = (path: string) => boolean;

const OPTIONS = ["include", "exclude", "dependencies"];
/** Matches files that are JavaScript or may be compiled to it. */
export const SCRIPT = /\.(?:[cm]?[jt]sx?|vue|svelte|astro)$/;
const PACKAGE_NAME = /^(?:@[^/@\s]+\/)?[^/@\s.][^/@\s]*$/;

/** The checked options of a plugin. The root may become known only later. */
export class Selection {
  readonly dependencies: readonly string[];
  readonly #include: readonly FilePattern[] | undefined;
  readonly #exclude: readonly FilePattern[];
  #root = slashed(process.cwd());
  #isIncluded: Matches = () => true;
  #isExcluded: Matches = () => false;

  /** @throws TypeError or RangeError for an option that is unknown or invalid */
  constructor(options: TransformOptions = {}) {
    checkOptions(options);
    const unknown = Object.keys(options).find((name) => !OPTIONS.includes(name));
    if (unknown !== undefined) {
      const known = OPTIONS.map((name) => `\`${name}\``).join(", ");
      throw new TypeError(`Expected only the options ${known}, got \`${unknown}\``);
    }
    const { include, exclude = [], dependencies = [] } = options;
    this.#include = include === undefined ? undefined : patternsIn("include", include);
    this.#exclude = patternsIn("exclude", exclude);
    this.dependencies = checkedNames(dependencies);
    this.setRoot(process.cwd());
  }

  get root(): string {
    return this.#root;
  }

  /** Sets the folder that globs are relative to, and from which dependencies are looked up. */
  setRoot(root: string): void {
    this.#root = slashed(root);
    const inRoot: Matches = (path) => path.startsWith(`${this.#root}/`);
    this.#isIncluded = this.#include === undefined ? inRoot : matcherOf(this.#include, this.#root);
    this.#isExcluded = matcherOf(this.#exclude, this.#root);
  }

  /** @throws RangeError for a dependency that is not installed */
  checkDependencies(): void {
    const missing = this.dependencies.find((name) => !isInstalled(name, this.#root));
    if (missing === undefined) return;
    const domain = `names of packages that are installed in ${this.#root}`;
    throw outOfRange("dependencies", domain, missing);
  }

  /** Whether to transform the file at this absolute path. */
  has(file: string): boolean {
    const path = slashed(file);
    if (!SCRIPT.test(path) || isOwn(path) || this.#isExcluded(path)) return false;
    const [, owner] = /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(path) ?? [];
    if (owner !== undefined) return this.dependencies.includes(owner);
    return this.#isIncluded(path);
  }
}

/**
 * Returns the path in a module id, without the query that bundlers add. Undefined for virtual
 * modules.
 */
export function fileOf(id: string): string | undefined {
  const path = id.startsWith("file:") ? fileURLToPath(id) : id.replace(/[?#].*$/s, "");
  return path.startsWith("\0") || path.startsWith("virtual:") ? undefined : path;
}

function patternsIn(name: string, value: unknown): readonly FilePattern[] {
  const list: readonly unknown[] = Array.isArray(value) ? value : [value];
  return list.map((pattern) => {
    if (isRegExp(pattern) || (typeof pattern === "string" && pattern !== "")) {
      return pattern;
    }
    throw wrongType(name, "a glob, a RegExp, or an array of them", pattern);
  });
}

function isRegExp(value: unknown): value is RegExp {
  return hasTag(value, "RegExp");
}

function checkedNames(value: unknown): readonly string[] {
  if (!Array.isArray(value)) {
    throw wrongType("dependencies", "an array of names of packages", value);
  }
  return value.map((name: unknown) => {
    if (typeof name !== "string") {
      throw wrongType("dependencies", "an array of names of packages", name);
    }
    if (!PACKAGE_NAME.test(name)) throw outOfRange("dependencies", "names of packages", name);
    if (name !== "mysyncio") return name;
    throw new RangeError(
      `Expected \`dependencies\` not to contain ${describe(name)}, because its own awaits must never be delayed`,
    );
  });
}

function matcherOf(patterns: readonly FilePattern[], root: string): Matches {
  const globs = patterns.filter((pattern) => typeof pattern === "string");
  const expressions = patterns.filter(isRegExp);
  const isMatch = picomatch(globs, { dot: true });
  return (path) => {
    if (expressions.some((expression) => path.search(expression) >= 0)) return true;
    return globs.length > 0 && (isMatch(slashed(relative(root, path))) || isMatch(path));
  };
}

/**
 * Whether a package is in one of the folders in which Node and pnpm look for packages, from `root`
 * up.
 */
function isInstalled(name: string, root: string): boolean {
  for (let folder = root; ; folder = dirname(folder)) {
    const folders = ["node_modules", "node_modules/.pnpm/node_modules"];
    if (folders.some((one) => existsSync(join(folder, one, name, "package.json")))) return true;
    if (dirname(folder) === folder) return false;
  }
}

/** Whether a file belongs to mysyncio, whose own awaits must never be delayed. */
function isOwn(path: string): boolean {
  const own = slashed(OWN_PACKAGE);
  if (path.includes("/node_modules/mysyncio/")) return true;
  return path.startsWith(`${own}/dist/`) || path.startsWith(`${own}/src/`);
}

function slashed(path: string): string {
  return path.replaceAll("\\", "/");
}
