// Supplies the loops of a process to the inspector, through the server of `mysyncio inspect`.

import type { TraceEvent } from "../traceEvent.ts";
import type { LoopSnapshot } from "../types.ts";
import type { InspectorReading, InspectorSource, SourceRecording } from "./inspectorSource.ts";

/** How many seconds of a trace are fetched at once. */
const PART = 1;

export class ServerSource implements InspectorSource {
  readonly limits = "";
  readonly #base: string;
  readonly #token: string;
  readonly #controller = new AbortController();

  constructor(base: string, token: string) {
    this.#base = base.replace(/\/$/, "");
    this.#token = token;
  }

  async read(chosen: number | null, task: number | null): Promise<InspectorReading> {
    const answer = (await this.#ask("GET", `/api/snapshot?task=${task ?? 0}`)) as
      | LoopSnapshot
      | LoopSnapshot[];
    const all = Array.isArray(answer) ? answer : [answer];
    const found = all.find(({ loop }) => loop.id === chosen) ?? all[0];
    return {
      loops: all.map(({ loop: { id } }) => ({ id, name: `Loop ${id}` })),
      snapshot: found ?? null,
    };
  }

  /** Fetches the trace in parts, one after the other. Shows only the latest part. */
  record(loop: number, show: (events: readonly TraceEvent[]) => void): SourceRecording {
    let isOver = false;
    const fetchParts = async () => {
      while (!isOver && !this.#controller.signal.aborted) {
        try {
          const events = eventsOf(await this.#ask("POST", `/api/trace?seconds=${PART}`));
          // In a trace, the process id of an event is the id of its loop.
          if (!isOver) show(events.filter(({ pid }) => pid === loop));
        } catch (error) {
          if (error instanceof Refused) {
            console.warn("mysyncio: the server records no trace.", error.message);
            return;
          }
          // Tries again, because the target may only be busy. If something else is wrong, the next
          // call of `read` fails too, and its error says why.
          await new Promise((resolve) => setTimeout(resolve, PART * 1_000));
        }
      }
    };
    void fetchParts();
    return {
      refresh: () => undefined,
      stop() {
        isOver = true;
      },
    };
  }

  async cancel(task: number): Promise<void> {
    await this.#ask("POST", `/api/cancel?task=${task}`);
  }

  close(): void {
    this.#controller.abort();
  }

  async #ask(method: "GET" | "POST", path: string): Promise<unknown> {
    const response = await fetch(this.#base + path, {
      method,
      headers: { Authorization: `Bearer ${this.#token}` },
      signal: this.#controller.signal,
      cache: "no-store",
    }).catch((cause: unknown) => {
      // Each browser words this error differently, and says less.
      const text = "The server can't be reached. Has `mysyncio inspect` or its process ended?";
      throw new Error(text, { cause });
    });
    if (response.ok) return response.json();
    const { status } = response;
    const message = `The server answered ${status}: ${(await response.text()).slice(0, 200)}`;
    throw status >= 400 && status < 500 && status !== 429
      ? new Refused(message)
      : new Error(message);
  }
}

/** An answer that would be the same after a retry. */
class Refused extends Error {}

function eventsOf(answer: unknown): readonly TraceEvent[] {
  if (Array.isArray(answer)) return answer;
  return (answer as { traceEvents?: TraceEvent[] }).traceEvents ?? [];
}
