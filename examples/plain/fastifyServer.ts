// ../fastifyServer.ts without the package, with async functions and AbortController.

import process, { argv } from "node:process";
import { setTimeout as delay } from "node:timers/promises";
import fastify, { type FastifyRequest } from "fastify";

interface Offer {
  readonly price: number;
}

class Semaphore {
  readonly #waiting: (() => void)[] = [];
  #free: number;

  constructor(free: number) {
    this.#free = free;
  }

  async with<T>(signal: AbortSignal, body: () => Promise<T>): Promise<T> {
    await this.#acquire(signal);
    try {
      return await body();
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#free++;
      else next();
    }
  }

  #acquire(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    return new Promise((resolve, reject) => {
      if (this.#free > 0) {
        this.#free--;
        resolve();
        return;
      }
      const onAbort = () => {
        this.#waiting.splice(this.#waiting.indexOf(enter), 1);
        reject(signal.reason);
      };
      const enter = () => {
        signal.removeEventListener("abort", onAbort);
        resolve();
      };
      this.#waiting.push(enter);
      signal.addEventListener("abort", onAbort, { once: true });
    });
  }
}

const [port = "8080", ...shops] = argv.slice(2);
const requests = new Semaphore(8);

async function fetchOffer(url: string, signal: AbortSignal): Promise<Offer> {
  const response = await fetch(url, { signal });
  if (!response.ok) throw new Error(`status ${response.status}`);
  return (await response.json()) as Offer;
}

async function ask(shop: string, query: string, client: AbortSignal): Promise<Offer> {
  const url = `${shop}?q=${encodeURIComponent(query)}`;
  const deadline = new AbortController();
  const timer = setTimeout(() => deadline.abort(new Error("too slow")), 1_000);
  const signal = AbortSignal.any([client, deadline.signal]);
  const attempt = () => requests.with(signal, () => fetchOffer(url, signal));
  try {
    return await attempt().catch(async () => {
      await delay(50, undefined, { signal });
      return attempt();
    });
  } finally {
    clearTimeout(timer);
  }
}

const app = fastify();
app.get(
  "/offers/:query",
  async ({ params }: FastifyRequest<{ Params: { query: string } }>, reply) => {
    const client = new AbortController();
    reply.raw.once("close", () => {
      if (!reply.raw.writableFinished) client.abort(new Error("disconnected"));
    });
    const asked = shops.map((shop) => ask(shop, params.query, client.signal));
    const answers = await Promise.allSettled(asked);
    if (client.signal.aborted) return reply.hijack();
    return answers
      .flatMap((answer) => (answer.status === "fulfilled" ? [answer.value] : []))
      .sort((a, b) => a.price - b.price);
  },
);

for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => app.close());
await app.listen({ port: Number(port), host: "127.0.0.1" });
console.log(`Listening on ${app.listeningOrigin}`);
