// Which test files run in which lane, and in which project.
//
//   fast         one core, in Node, without the slow files
//   usual        `npm test`: one core in Node and in the browser, and in Node a selection over the
//                other core
//   exhaustive   what `npm run test:all` adds: everything over the other core, and more repetitions
//
// Without a lane, as when Vitest is called by hand, each project contains all of its files.
//
// The lists name files, or folders with a slash at the end.

import { readdirSync, readFileSync } from "node:fs";
import { posix } from "node:path";

export const LANES = ["fast", "usual", "exhaustive"] as const;
export type Lane = (typeof LANES)[number];

export const PROJECTS = [
  "node-once",
  "node-wasm",
  "node-js",
  "node-alone-wasm",
  "node-alone-js",
  "node-vm",
  "browser-wasm",
  "browser-js",
  "browser-alone-wasm",
  "browser-alone-js",
] as const;
export type Project = (typeof PROJECTS)[number];

const ROOT = new URL("..", import.meta.url);

/** Files that need no core, or start programs that choose their own. One project runs them. */
const ONCE = [
  "test/adapters/example.node.test.ts",
  "test/adapters/express.node.test.ts",
  "test/adapters/fastify.node.test.ts",
  "test/adapters/fetch.node.test.ts",
  "test/adapters/hono.node.test.ts",
  "test/adapters/otel.node.test.ts",
  "test/adapters/schedules.test.ts",
  "test/adapters/vitest.node.test.ts",
  "test/adapters/vitestFailures.node.test.ts",
  "test/bench/conditions.test.ts",
  "test/bench/frontPage.node.test.ts",
  "test/bench/harness.test.ts",
  "test/bench/native/",
  "test/bench/options.node.test.ts",
  "test/bench/peers.node.test.ts",
  "test/bench/report.test.ts",
  "test/bench/statistics.test.ts",
  "test/bundle.node.test.ts",
  "test/cli/",
  "test/docs.node.test.ts",
  "test/examples/adopt.node.test.ts",
  "test/examples/debugging.node.test.ts",
  "test/examples/searchBox.node.test.ts",
  "test/examples/sideBySide.node.test.ts",
  "test/executors/bundlers.node.test.ts",
  "test/fleet/bullEngine.node.test.ts",
  "test/fleet/kills.node.test.ts",
  "test/fleet/promises.node.test.ts",
  "test/fleet/skew.node.test.ts",
  "test/hotClasses.node.test.ts",
  "test/imports.node.test.ts",
  "test/inspector/accessibility.node.test.ts",
  "test/inspector/devTools.node.test.ts",
  "test/interrupt.node.test.ts",
  "test/io/node/exit.node.test.ts",
  "test/lanes.node.test.ts",
  "test/layers.node.test.ts",
  "test/loop/hosts/sinon.node.test.ts",
  "test/map.node.test.ts",
  "test/matrix/",
  "test/names.node.test.ts",
  "test/package.node.test.ts",
  "test/packed.node.test.ts",
  "test/readme.node.test.ts",
  "test/reference/",
  "test/runner.node.test.ts",
  "test/testing/docs.node.test.ts",
  "test/toAsync.node.test.ts",
  "test/transform/",
];

/** Files that create the cores they test. They run once per platform. */
const OF_BOTH_CORES = [
  "test/core/core.test.ts",
  "test/core/debug.node.test.ts",
  "test/core/fuzz.test.ts",
  "test/core/growth.test.ts",
  "test/core/limits.node.test.ts",
  "test/core/memory.test.ts",
  "test/core/priorities.test.ts",
  "test/core/ready.test.ts",
  "test/core/size.node.test.ts",
  "test/core/stack.test.ts",
  "test/core/timers.test.ts",
  "test/core/wasmCore.test.ts",
];

/** The file that runs others in a vm context, whose realm differs from Node's. */
const IN_ANOTHER_REALM = ["test/anotherRealm.node.test.ts"];

/**
 * Files that replace parts of the package or of the platform for good, or that need modules which
 * nobody has loaded before, or a page without other loops. Each gets a process or a page of its
 * own. The others share one, because loading the package takes longer than most files.
 */
const ALONE = [
  "test/cancelPoints/remote.node.test.ts",
  "test/executors/",
  "test/inspector/element.browser.test.ts",
  "test/io/sources.test.ts",
  "test/io/webSocketTurns.test.ts",
  "test/loop/hosts/",
  "test/loop/kept.node.test.ts",
  "test/remote/",
];

/** Slow files about what no platform changes. In the usual lane, they run only in Node. */
const SAME_ON_EACH_PLATFORM = [
  "test/cancelPoints/",
  "test/core/stack.test.ts",
  "test/inspector/warnings/",
  "test/sync/locksModel.test.ts",
  "test/sync/queueModel.test.ts",
  "test/tasks/deepCalls.test.ts",
  "test/tasks/deepStructures.test.ts",
  "test/tasks/depth.test.ts",
  "test/tasks/raceOperations.test.ts",
  "test/testing/asyncCode.test.ts",
  "test/testing/asyncZoo.test.ts",
  "test/testing/explore.test.ts",
  "test/testing/primitives.test.ts",
  "test/testing/zoo.test.ts",
];

/**
 * Files that are slow and contain no repetition that could be reduced: most start many processes, or
 * run an example or a story from end to end.
 */
const ONLY_EXHAUSTIVE = [
  "test/adapters/example.node.test.ts",
  "test/adapters/vitestFailures.node.test.ts",
  "test/cli/attachRounds.node.test.ts",
  "test/cli/calls.node.test.ts",
  "test/cli/exit.node.test.ts",
  "test/cli/fleetCalls.node.test.ts",
  "test/cli/page.node.test.ts",
  "test/cli/warnings.node.test.ts",
  "test/cli/workerLoops.node.test.ts",
  "test/core/limits.node.test.ts",
  "test/examples/chat.node.test.ts",
  "test/examples/crawler.node.test.ts",
  "test/examples/debugging.node.test.ts",
  "test/examples/httpServer.node.test.ts",
  "test/examples/searchBox.node.test.ts",
  "test/executors/bundlers.node.test.ts",
  "test/fleet/kills.node.test.ts",
  "test/fleet/promises.node.test.ts",
  "test/fleet/skew.node.test.ts",
  "test/inspector/devTools.node.test.ts",
  "test/reference/",
  "test/remote/kill.browser.test.ts",
  "test/soak.node.test.ts",
  "test/tasks/promisesAplus.node.test.ts",
  "test/transform/npmCode.node.test.ts",
  "test/transform/tools.node.test.ts",
];

/** The selection that runs over the JavaScript core in the usual lane, only in Node. */
const OVER_THE_OTHER_CORE = [
  "test/core/newCore.test.ts",
  "test/eventLoop.test.ts",
  "test/loop/close.test.ts",
  "test/loop/handle.test.ts",
  "test/loop/pump.test.ts",
  "test/loop/slices.test.ts",
  "test/loop/turns.test.ts",
  "test/loop/turnsModel.test.ts",
  "test/run.test.ts",
  "test/sync/locksModel.test.ts",
  "test/sync/queueModel.test.ts",
  "test/tasks/cancellation.test.ts",
  "test/tasks/sleep.test.ts",
  "test/tasks/task.test.ts",
  "test/tasks/taskGroup.test.ts",
  "test/tasks/timeoutModel.test.ts",
  "test/testing/exploringCore.test.ts",
];

/** Files that are too slow for the fast lane. */
const SLOW = [
  "test/bench/",
  "test/cancelPoints/",
  "test/core/fuzz.test.ts",
  "test/core/stack.test.ts",
  "test/examples/",
  "test/examples.node.test.ts",
  "test/executors/",
  "test/fleet/",
  "test/options.node.test.ts",
  "test/remote/",
  "test/tasks/deepCalls.test.ts",
  "test/tasks/deepStructures.test.ts",
  "test/tasks/promisesAplus.node.test.ts",
  "test/testing/asyncZoo.test.ts",
  "test/testing/nativeOrder.test.ts",
  "test/testing/primitives.test.ts",
  "test/testing/zoo.test.ts",
];

export const LISTS = {
  ONCE,
  OF_BOTH_CORES,
  IN_ANOTHER_REALM,
  ALONE,
  SAME_ON_EACH_PLATFORM,
  ONLY_EXHAUSTIVE,
  OVER_THE_OTHER_CORE,
  SLOW,
};

/** All test files, as paths from the root of the project. */
export const TEST_FILES: readonly string[] = modulesOfTests()
  .filter((path) => path.endsWith(".test.ts"))
  .sort();

const SCALED = importersOf("test/support/effort.ts");

/**
 * Checks the name of a lane. `undefined` and the empty string mean no lane. @throws RangeError for
 * an unknown name
 */
export function laneOf(name: string | undefined): Lane | undefined {
  if (name === undefined || name === "") return undefined;
  const known = LANES.find((one) => one === name);
  if (known !== undefined) return known;
  throw new RangeError(`Expected MYSYNCIO_LANE to be one of ${LANES.join(", ")}, got "${name}"`);
}

/** The test files that `project` runs in `lane`. */
export function filesOf(project: Project, lane: Lane | undefined): string[] {
  return TEST_FILES.filter((file) => isOf(file, project) && isIn(file, project, lane));
}

function isOf(file: string, project: Project): boolean {
  if (isAmong(file, IN_ANOTHER_REALM)) return project === "node-vm";
  if (isAmong(file, ONCE)) return project === "node-once";
  if (project === "node-once" || project === "node-vm") return false;
  if (project.includes("-alone-") !== isAmong(file, ALONE)) return false;
  if (project.endsWith("-js") && isAmong(file, OF_BOTH_CORES)) return false;
  return !file.endsWith(project.startsWith("node") ? ".browser.test.ts" : ".node.test.ts");
}

function isIn(file: string, project: Project, lane: Lane | undefined): boolean {
  if (lane === undefined) return true;
  const isInNode = project.startsWith("node");
  if (lane === "fast") {
    return isInNode && project.endsWith("-wasm") && !isAmong(file, [...SLOW, ...ONLY_EXHAUSTIVE]);
  }
  const isUsual =
    !isAmong(file, ONLY_EXHAUSTIVE) &&
    (isInNode || !isAmong(file, SAME_ON_EACH_PLATFORM)) &&
    (!project.endsWith("-js") || (isInNode && isAmong(file, OVER_THE_OTHER_CORE)));
  return lane === "usual" ? isUsual : !isUsual || SCALED.has(file);
}

function isAmong(file: string, list: readonly string[]): boolean {
  return list.some((entry) => (entry.endsWith("/") ? file.startsWith(entry) : file === entry));
}

/** The test modules that import `path`, directly or through others. */
function importersOf(path: string): ReadonlySet<string> {
  const importsOf = modulesOfTests().map((module) => {
    const specifiers = readFileSync(new URL(module, ROOT), "utf8").matchAll(/\bfrom "(\.[^"]+)"/g);
    const folder = posix.dirname(module);
    return { module, imports: Array.from(specifiers, ([, to = ""]) => posix.join(folder, to)) };
  });
  const found = new Set([path]);
  for (let size = 0; size < found.size; ) {
    size = found.size;
    for (const { module, imports } of importsOf) {
      if (imports.some((imported) => found.has(imported))) found.add(module);
    }
  }
  return found;
}

function modulesOfTests(): string[] {
  return readdirSync(new URL("test", ROOT), { recursive: true, encoding: "utf8" })
    .map((path) => `test/${path.replaceAll("\\", "/")}`)
    .filter((path) => path.endsWith(".ts") && !path.includes("/node_modules/"));
}
