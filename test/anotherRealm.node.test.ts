// The tests that depend on the host's values run here again, in a vm context, whose realm differs
// from Node's. One file, because each file loads the package into a context of its own, which takes
// longer than its tests.

import { describe } from "vitest";

describe("in a vm context", async () => {
  await import("./realm.node.test.ts");
});
describe("in a vm context", async () => {
  await import("./remote/remoteError.test.ts");
});
describe("in a vm context", async () => {
  await import("./io/node/connection.node.test.ts");
});
describe("in a vm context", async () => {
  await import("./tasks/fromPromise.test.ts");
});
describe("in a vm context", async () => {
  await import("./tasks/withSignal.test.ts");
});
describe("in a vm context", async () => {
  await import("./tasks/exceptionGroup.test.ts");
});
