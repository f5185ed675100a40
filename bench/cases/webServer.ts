import { type Coroutine, gather, getRunningLoop, Queue, run, timeout } from "mysyncio";
import type { Case, Comparison } from "../harness/compare.ts";
import type { Aim } from "../harness/targets.ts";
import { AsyncQueue } from "../native/asyncQueue.ts";
import {
  BareFuture,
  BareLoop,
  BareQueue,
  BareTimers,
  Callback,
  Getter,
  PARKED,
} from "../native/bareLoop.ts";
import { race, withTimer } from "../native/timeouts.ts";
import { count, sized } from "../sizes.ts";

const REQUESTS = sized(50_000);
/** The number of connections that are served concurrently. */
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

/** A stand-in for a database driver: it calls back later. */
function* ask(query: string): Coroutine<string> {
  const loop = getRunningLoop();
  const answer = loop.createFuture<string>();
  loop.callSoon(() => answer.setResult(query));
  return yield* answer;
}

/**
 * As people usually write it: the block stands where it is used, and is created again each time.
 */
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
    reply(yield* timeout(DELAY, answer, request));
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

function* askBarely(loop: BareLoop, query: string): Generator<typeof PARKED, string> {
  const answer = new BareFuture<string>(loop);
  loop.wake(new Callback(() => answer.complete(query)));
  if (!answer.isDone) yield answer.park();
  return answer.value as string;
}

function* serveBarely(
  loop: BareLoop,
  timers: BareTimers,
  connections: BareQueue<Connection>,
  requests: number,
): Generator<typeof PARKED, void> {
  for (let i = 0; i < requests; i++) {
    const got = connections.get();
    if (got instanceof Getter) yield PARKED;
    const { text, reply } = got instanceof Getter ? (got.item as Connection) : got;
    const { method, path, headers } = parse(text);
    const timer = timers.start(DELAY);
    const user = yield* askBarely(loop, headers.get("authorization") ?? "");
    const orders = yield* askBarely(loop, path);
    reply(render(user, orders, yield* askBarely(loop, `${method} of stock`)));
    timers.stop(timer);
  }
}

function* acceptBarely(
  connections: BareQueue<Connection>,
  clients: Clients,
): Generator<typeof PARKED, void> {
  for (let i = 0; i < REQUESTS; i++) if (!connections.put(clients.connect())) yield PARKED;
}

/** The lower bound: generators, an object for each wait, and the clock. */
function serveAllBarely(): void {
  const loop = new BareLoop();
  const timers = new BareTimers(loop);
  const connections = new BareQueue<Connection>(loop, BACKLOG);
  const clients = new Clients();
  loop.wake(acceptBarely(connections, clients));
  for (let i = 0; i < WORKERS; i++) {
    loop.wake(serveBarely(loop, timers, connections, REQUESTS / WORKERS));
  }
  timers.run();
  clients.checkAll();
}

function others(aim: Aim): Comparison["others"] {
  const lacks = "stop a request when its time is up";
  return [
    { name: "promises, Promise.race", run: () => serveAllNatively(race), lacks, ...aim },
    {
      name: "promises, a promise and a timer",
      run: () => serveAllNatively(withTimer),
      lacks,
      ...aim,
    },
    { name: "bare generators and the clock", run: serveAllBarely, isLimit: true },
  ];
}

export default {
  name: "webServer",
  question: "What does a request cost: accept, parse, three awaits under a timeout, reply?",
  comparisons: [
    {
      what: `${count(REQUESTS)} requests, ${WORKERS} at once, no sockets, a block for each`,
      operations: REQUESTS,
      ours: { name: "Queue, futures, timeout", run: () => run(() => serveAll(serve)) },
      others: others({}),
    },
    {
      what: "the same, one function for all",
      operations: REQUESTS,
      ours: { name: "Queue, futures, timeout", run: () => run(() => serveAll(serveByFunction)) },
      others: others({ atLeast: 1 }),
    },
  ],
} satisfies Case;
