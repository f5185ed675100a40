// A target whose functions are called by evaluating expressions, over the DevTools protocol.

import { createHash, randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import type { FrameSnapshot } from "../types.ts";
import type { DevToolsSession } from "./devToolsRequests.ts";
import { frameOfProperties, type InternalProperty } from "./frames.ts";
import type { InTarget } from "./inTarget.ts";
import { type Target, TargetError } from "./target.ts";

interface Evaluated {
  readonly result: { readonly value?: string; readonly objectId?: string };
  readonly exceptionDetails?: {
    readonly text?: string;
    readonly exception?: { readonly description?: string };
  };
}

/** How long a reply may take, in milliseconds. */
export const ANSWER = 30_000;
/**
 * How long leaving the target may take, in milliseconds. If it takes longer, the target removes the
 * hooks by itself a little later.
 */
const LEAVING = 2_000;

export class EvaluatingTarget implements Target {
  readonly client = randomUUID();
  readonly #session: DevToolsSession;
  readonly #isPage: boolean;
  /** The files of the scripts, by their ids. Undefined until the debugger is enabled. */
  #urls: Map<string, string> | undefined;

  /**
   * @param isPage whether the target is a page. A page has no `node:inspector`, so its frames are
   * read over the protocol
   */
  constructor(session: DevToolsSession, isPage: boolean) {
    this.#session = session;
    this.#isPage = isPage;
  }

  async call<K extends keyof InTarget>(
    name: K,
    ...args: Parameters<InTarget[K]>
  ): Promise<ReturnType<InTarget[K]>> {
    const { result } = await this.#evaluate(callOf(name, args, "JSON.stringify({ result })"));
    // If the function returned undefined, the value is `{}`.
    return JSON.parse(result.value ?? "{}").result as ReturnType<InTarget[K]>;
  }

  async frames(indices: readonly number[]): Promise<readonly FrameSnapshot[]> {
    if (!this.#isPage) return this.call("frames", this.client, indices);
    const urls = await this.#scripts();
    const { result } = await this.#evaluate(
      callOf("generators", [this.client, indices], "result"),
      false,
    );
    const { result: generators } = await this.#properties(result.objectId);
    return Promise.all(
      (generators ?? [])
        .filter(({ name }) => /^\d+$/.test(name))
        .map(async ({ value }) => {
          const { internalProperties = [] } = await this.#properties(value?.objectId);
          return frameOfProperties(internalProperties, urls);
        }),
    ).finally(() => this.#session.send("Runtime.releaseObjectGroup", GROUP, ANSWER));
  }

  /** Removes this client's hooks from the target, but stays connected. */
  async release(): Promise<void> {
    const release = callOf("release", [this.client], "undefined");
    // Ignores an error, because the target may have ended.
    await this.#evaluate(release, true, LEAVING).catch(() => undefined);
  }

  async close(): Promise<void> {
    await this.release();
    await this.#session.close();
  }

  async #scripts(): Promise<ReadonlyMap<string, string>> {
    if (this.#urls === undefined) {
      const urls = new Map<string, string>();
      this.#urls = urls;
      this.#session.on<{ scriptId: string; url: string }>(
        "Debugger.scriptParsed",
        ({ scriptId, url }) => urls.set(scriptId, url),
      );
      await this.#session.send("Debugger.enable", {}, ANSWER);
      // Breakpoints, which somebody else may have set, must not pause the page.
      await this.#session.send("Debugger.setSkipAllPauses", { skip: true }, ANSWER);
    }
    return this.#urls;
  }

  #properties(objectId: string | undefined): Promise<Properties> {
    return this.#session.send("Runtime.getProperties", { objectId, ownProperties: true }, ANSWER);
  }

  /** Evaluates a call. Sends the functions first, if the target doesn't have them. */
  async #evaluate(expression: string, returnByValue = true, timeout = ANSWER): Promise<Evaluated> {
    const evaluate = async (text: string): Promise<Evaluated> => {
      const params = { expression: text, returnByValue, ...GROUP };
      const answer = await this.#session.send<Evaluated>("Runtime.evaluate", params, timeout);
      const { exceptionDetails: failed } = answer;
      if (failed === undefined) return answer;
      const why = failed.exception?.description?.split("\n", 1)[0] ?? failed.text;
      throw new TargetError(why ?? "The target couldn't be read");
    };
    const answer = await evaluate(expression);
    if (answer.result.value !== MISSING) return answer;
    const { source, key } = script();
    await evaluate(`(() => { ${source}\nmysyncioInTarget.default.install(${quoted(key)}); })()`);
    return evaluate(expression);
  }
}

interface Properties {
  readonly result?: readonly {
    readonly name: string;
    readonly value?: { readonly objectId?: string };
  }[];
  readonly internalProperties?: readonly InternalProperty[];
}

const GROUP = { objectGroup: "mysyncio" } as const;
const MISSING = "mysyncio: missing";

function callOf(name: string, args: readonly unknown[], returned: string): string {
  const { key } = script();
  const list = args.map((arg) => quoted(arg)).join(", ");
  return `(() => {
    const tools = globalThis[Symbol.for(${quoted(key)})];
    if (tools === undefined) return ${quoted(MISSING)};
    const result = tools[${quoted(name)}](${list});
    return ${returned};
  })()`;
}

/** Returns a value as JSON. JSON is JavaScript, so this is safe to evaluate. */
function quoted(value: unknown): string {
  return JSON.stringify(value);
}

let loaded: { readonly source: string; readonly key: string } | undefined;

/** Returns the script for the target, and a key that is different in each version of the script. */
function script(): { readonly source: string; readonly key: string } {
  if (loaded === undefined) {
    const source = readFileSync(new URL("./inTarget.js", import.meta.url), "utf8");
    const hash = createHash("sha256").update(source).digest("hex").slice(0, 16);
    loaded = { source, key: `mysyncio.inTarget.${hash}` };
  }
  return loaded;
}
