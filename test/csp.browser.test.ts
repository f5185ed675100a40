// Pages whose Content-Security-Policy forbids WebAssembly, or allows it.

import { expect, test } from "vitest";

/** The facts that a page reports about itself. The function refers to nothing in this module. */
interface Findings {
  readonly compiles: boolean;
  readonly core: string;
  readonly result: string;
}

const PROGRAM = `
  import { createTask, gather, newEventLoop, run, sleep } from ${JSON.stringify(
    new URL("../src/index.ts", import.meta.url).href,
  )};

  const emptyModule = new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0]);
  let compiles = true;
  try {
    new WebAssembly.Module(emptyModule);
  } catch {
    compiles = false;
  }
  const result = await run(function* () {
    const task = createTask(sleep(1, "hello"));
    const [world] = yield* gather([sleep(2, "world")]);
    return (yield* task) + " " + world;
  });
  parent.postMessage({ compiles, core: newEventLoop().core, result }, "*");
`;

/** Runs the program in a separate page, whose scripts are under `policy`. */
async function underPolicy(policy: string): Promise<Findings> {
  const frame = document.createElement("iframe");
  frame.srcdoc = `
    <meta http-equiv="Content-Security-Policy" content="script-src 'self' 'unsafe-inline' ${policy}">
    <script type="module">${PROGRAM}</script>`;
  const findings = new Promise<Findings>((resolve) => {
    addEventListener("message", function listen({ data, source }) {
      if (source !== frame.contentWindow) return;
      removeEventListener("message", listen);
      resolve(data);
    });
  });
  document.body.append(frame);
  try {
    return await findings;
  } finally {
    frame.remove();
  }
}

test("a page that forbids WebAssembly gets the reference core", async () => {
  expect(await underPolicy("")).toEqual({ compiles: false, core: "js", result: "hello world" });
});

test("a page that allows WebAssembly gets the compiled core", async () => {
  expect(await underPolicy("'wasm-unsafe-eval'")).toEqual({
    compiles: true,
    core: "wasm",
    result: "hello world",
  });
});
