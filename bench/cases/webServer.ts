import { type Coroutine, gather, getRunningLoop, Queue, run, timeout } from "mysyncio";
import type { Case, Comparison } from "../harness.ts";
import { AsyncQueue } from "../native/asyncQueue.ts";
import { race, withTimer } from "../native/timeouts.ts";
import { count, sized } from "../sizes.ts";

const REQUESTS = sized(50_000);
/** Connections that are served at once. */
const WORKERS = sized(100);
const BACKLOG = 128;
const DELAY = 5_000;

const REQUEST = [
  "GET /users/42/orders?limit=10&page=3 HTTP/1.1",
  "Host: shop.example",
  "Accept: application/json",
  "Authorization: Bearer 2YotnFZFEjr1zCsicMWpAA",
  "Connection: keep-alive",
  "\r\n",
].join("\r\n");

interface Request {
  readonly method: string;
  readonly path: string;
  readonly headers: ReadonlyMap<string, string>;
}

interface Connection {
  readonly text: string;
  reply(text: string): void;
}

function parse(text: string): Request {
  const [first = "", ...lines] = text.slice(0, text.indexOf("\r\n\r\n")).split("\r\n");
  const [method = "", path = ""] = first.split(" ");
  const headers = new Map<string, string>();
  for (const line of lines) {
    const colon = line.indexOf(":");
    headers.set(line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim());
  }
  return { method, path, headers };
}

function render(user: string, orders: string, stock: string): string {
  const body = `{"user":"${user}","orders":"${orders}","stock":"${stock}"}`;
  return `HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
}

/** Makes connections, and checks their replies. */
class Clients {
  #replies = 0;

  connect(): Connection {
    return { text: REQUEST, reply: (text) => this.#check(text) };
  }

  checkAll(): void {
    if (this.#replies !== REQUESTS) throw new Error(`${this.#replies} of ${REQUESTS} were served`);
  }

  #check(text: string): void {
    if (!text.endsWith('"stock":"GET of stock"}')) throw new Error(`Expected a reply, got ${text}`);
    this.#replies++;
  }
}

/** What a driver of a database is: it calls back later. */
function* ask(query: string): Coroutine<string> {
  const loop = getRunningLoop();
  const answer = loop.createFuture<string>();
  loop.callSoon(() => answer.setResult(query));
  return yield* answer;
}

/** As it is mostly written: the block stands where it is used, and is made anew each time. */
function* serve(connections: Queue<Connection>, requests: number): Coroutine<void> {
  for (let i = 0; i < requests; i++) {
    const { text, reply } = yield* connections.get();
    const request = parse(text);
    yield* timeout(DELAY, function* () {
      const user = yield* ask(request.headers.get("authorization") ?? "");
      const orders = yield* ask(request.path);
      reply(render(user, orders, yield* ask(`${request.method} of stock`)));
    });
  }
}

function* answer({ method, path, headers }: Request): Coroutine<string> {
  const user = yield* ask(headers.get("authorization") ?? "");
  const orders = yield* ask(path);
  return render(user, orders, yield* ask(`${method} of stock`));
}

function* serveByFunction(connections: Queue<Connection>, requests: number): Coroutine<void> {
  for (let i = 0; i < requests; i++) {
    const { text, reply } = yield* connections.get();
    const request = parse(text);
    reply(yield* timeout(DELAY, () => answer(request)));
  }
}

function* accept(connections: Queue<Connection>, clients: Clients): Coroutine<void> {
  for (let i = 0; i < REQUESTS; i++) yield* connections.put(clients.connect());
}

function* serveAll(serveSome: typeof serve): Coroutine<void> {
  const connections = new Queue<Connection>(BACKLOG);
  const clients = new Clients();
  const workers = Array.from({ length: WORKERS }, () => serveSome(connections, REQUESTS / WORKERS));
  yield* gather([accept(connections, clients), ...workers]);
  clients.checkAll();
}

function askNatively(query: string): Promise<string> {
  return new Promise((resolve) => queueMicrotask(() => resolve(query)));
}

type WithTimeout = (delay: number, work: () => Promise<void>) => Promise<void>;

async function serveNatively(
  connections: AsyncQueue<Connection>,
  requests: number,
  withTimeout: WithTimeout,
): Promise<void> {
  for (let i = 0; i < requests; i++) {
    const got = connections.get();
    const { text, reply } = got instanceof Promise ? await got : got;
    const request = parse(text);
    await withTimeout(DELAY, async () => {
      const user = await askNatively(request.headers.get("authorization") ?? "");
      const orders = await askNatively(request.path);
      reply(render(user, orders, await askNatively(`${request.method} of stock`)));
    });
  }
}

async function acceptNatively(
  connections: AsyncQueue<Connection>,
  clients: Clients,
): Promise<void> {
  for (let i = 0; i < REQUESTS; i++) {
    const room = connections.put(clients.connect());
    if (room !== undefined) await room;
  }
}

async function serveAllNatively(withTimeout: WithTimeout): Promise<void> {
  const connections = new AsyncQueue<Connection>(BACKLOG);
  const clients = new Clients();
  const workers = Array.from({ length: WORKERS }, () =>
    serveNatively(connections, REQUESTS / WORKERS, withTimeout),
  );
  await Promise.all([acceptNatively(connections, clients), ...workers]);
  clients.checkAll();
}

const others: Comparison["others"] = [
  { name: "promises, Promise.race", run: () => serveAllNatively(race) },
  { name: "promises, a promise and a timer", run: () => serveAllNatively(withTimer) },
];

export default {
  name: "webServer",
  question: "What does a request cost: accept, parse, three awaits under a timeout, reply?",
  comparisons: [
    {
      what: `${count(REQUESTS)} requests, ${WORKERS} at once, no sockets, a block for each`,
      operations: REQUESTS,
      ours: { name: "Queue, futures, timeout", run: () => run(() => serveAll(serve)) },
      others,
    },
    {
      what: "the same, one function for all",
      operations: REQUESTS,
      ours: { name: "Queue, futures, timeout", run: () => run(() => serveAll(serveByFunction)) },
      others,
    },
  ],
} satisfies Case;
