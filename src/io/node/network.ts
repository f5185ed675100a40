import type { LookupAddress } from "node:dns";
import { lookup } from "node:dns/promises";
import { connect, isIP, type NetConnectOpts, type Socket } from "node:net";
import type { ConnectionOptions as TlsOptions } from "node:tls";
import { currentScheduler } from "../../loop/current.ts";
import { fromPromise } from "../../tasks/fromPromise.ts";
import { type Coroutine, coroutine } from "../../tasks/kernel/coroutine.ts";
import type { Endpoint, LookupOptions, Network, ResolvedAddress } from "../network.ts";
import type { StreamReader } from "../streamReader.ts";
import type { StreamWriter } from "../streamWriter.ts";
import { awaitOpen } from "./awaitOpen.ts";
import { NodeListener } from "./nodeListener.ts";
import { NodeTransport } from "./nodeTransport.ts";
import { loadTls } from "./tls.ts";
import { withoutUndefined } from "./withoutUndefined.ts";

/** The network of the operating system, through `node:net`, `node:tls` and `node:dns`. */
export const nodeNetwork: Network = {
  connect: coroutine(function* openConnection(
    to: Endpoint,
    limit: number | undefined,
  ): Coroutine<[StreamReader, StreamWriter]> {
    const loop = currentScheduler("openConnection()");
    const [socket, event] = startConnecting(to);
    const transport = new NodeTransport(loop, socket);
    // Reads from the start, because data may arrive before this task's next step.
    const reader = transport.openReader(limit);
    try {
      yield* awaitOpen(socket, event, () => socket.destroy());
    } catch (error) {
      throw withMessage(error);
    }
    return [reader, transport.openWriter()];
  }),

  listen: (at, acceptor) => new NodeListener(currentScheduler("startServer()"), at, acceptor),

  *lookup(host: string, options: LookupOptions): Coroutine<ResolvedAddress[]> {
    const found: LookupAddress[] = yield* fromPromise(lookup(host, { ...options, all: true }));
    return found as ResolvedAddress[];
  },
};

/** Starts to connect. Returns the socket and the event by which it reports success. */
function startConnecting({ tls = false, ...to }: Endpoint): [Socket, event: string] {
  const address = { ...withoutUndefined(to), allowHalfOpen: true } as Endpoint & NetConnectOpts;
  if (tls === false) return [connect(address), "connect"];
  const name = isIP(to.host ?? "") === 0 ? { servername: to.host } : {};
  const options = { ...name, ...(tls === true ? {} : withoutUndefined(tls)), ...address };
  return [loadTls().connect(options as TlsOptions), "secureConnect"];
}

/**
 * Adds a message to the error that Node throws if several addresses failed, because Node's message
 * is empty.
 */
function withMessage(error: unknown): unknown {
  const { message, errors } = error as Partial<AggregateError>;
  if (message === "" && Array.isArray(errors)) {
    (error as Error).message = errors.map(String).join("; ");
  }
  return error;
}
