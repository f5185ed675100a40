// A server that asks several shops for their offers at once, and responds with those that arrive in
// time. It tries a shop twice, sends at most eight requests at a time, and stops asking when the
// client disconnects. Ctrl-C or SIGTERM closes it after the requests in progress.
//
// npm install fastify; node build/examples/fastifyServer.js PORT [URL of a shop ...]

import process, { argv } from "node:process";
import fastify, { type FastifyRequest } from "fastify";
import { type Coroutine, fromPromise, mapConcurrent, retry, Semaphore, timeout } from "mysyncio";
import { toHandler } from "mysyncio/fastify";

interface Offer {
  readonly price: number;
}

const [port = "8080", ...shops] = argv.slice(2);
const requests = new Semaphore(8);

async function fetchOffer(url: string, signal: AbortSignal): Promise<Offer> {
  const response = await fetch(url, { signal });
  if (!response.ok) throw new Error(`status ${response.status}`);
  return (await response.json()) as Offer;
}

function* ask(shop: string, query: string): Coroutine<Offer> {
  const url = `${shop}?q=${encodeURIComponent(query)}`;
  const attempt = () => requests.with(() => fromPromise((signal) => fetchOffer(url, signal)));
  return yield* timeout(1_000, () => retry(attempt, { attempts: 2, delay: 50 }));
}

const app = fastify();
app.get(
  "/offers/:query",
  toHandler(function* ({ params }: FastifyRequest<{ Params: { query: string } }>) {
    const answers = mapConcurrent(shops, (shop) => ask(shop, params.query), { settle: true });
    return (yield* answers)
      .flatMap((answer) => (answer.status === "fulfilled" ? [answer.value] : []))
      .sort((a, b) => a.price - b.price);
  }),
);

for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => app.close());
await app.listen({ port: Number(port), host: "127.0.0.1" });
console.log(`Listening on ${app.listeningOrigin}`);
