// The functions that a loop exposes to other threads, and the calls in progress.

import { checkFunction, wrongType } from "../lang/arguments.ts";
import { LookupError } from "../lang/errors.ts";
import { inOutermostContext } from "../loop/hosts/asyncContext.ts";
import { bellToShare } from "../loop/hosts/blocking.ts";
import type { PortOwner } from "../loop/hosts/ports.ts";
import { claimName, listenForThreads } from "../loop/hosts/threadWatch.ts";
import type { ExposedFunctions, RemotePort, RemoteTicket } from "../loop/platform.ts";
import type { Scheduler } from "../loop/scheduler.ts";
import { isThenable } from "../tasks/awaitable.ts";
import { ensureFutureOn } from "../tasks/ensureFuture.ts";
import { type Coroutine, isCoroutine } from "../tasks/kernel/coroutine.ts";
import { Task } from "../tasks/kernel/task.ts";
import { packError } from "./remoteError.ts";
import { type Hello, type Message, newName, openChannel, ThreadLink } from "./threadLink.ts";
import { moved } from "./transfer.ts";

type AnyFunction = (...args: readonly unknown[]) => unknown;

const remoteServers = /* @__PURE__ */ new WeakMap<Scheduler, RemoteServer>();

/** Returns the server of `loop`. Each loop has only one. */
export function remoteServerOf(loop: Scheduler): RemotePort {
  const known = remoteServers.get(loop);
  if (known !== undefined) return known;
  let made: RemoteServer | undefined;
  // Calls run in the context in which the server was created. That must not be the context of the
  // request that happens to expose the first function.
  inOutermostContext(() => {
    made = new RemoteServer(loop);
  });
  // TypeScript doesn't know that the callback assigns `made`.
  const server = made as unknown as RemoteServer;
  remoteServers.set(loop, server);
  return server;
}

class RemoteServer implements RemotePort, PortOwner {
  readonly ticket: RemoteTicket;
  readonly functions = new Map<string, AnyFunction>();
  readonly #loop: Scheduler;
  /** The callers, by the names of their links. */
  readonly #callers = new Map<string, Caller>();
  readonly #channel: BroadcastChannel;
  readonly #release: () => void;

  constructor(loop: Scheduler) {
    this.#loop = loop;
    const name = newName();
    this.ticket = { _exposed: name, _thread: listenForThreads(), _bell: bellToShare() };
    this.#release = claimName(name, () => undefined);
    this.#channel = openChannel(name, (hello) => this.#admit(hello as Hello));
    loop._external++;
    loop._resources.add(this);
  }

  expose(functions: ExposedFunctions): void {
    if (typeof functions !== "object" || functions === null) {
      throw wrongType("functions", "an object of functions", functions);
    }
    const entries = Object.entries(functions);
    for (const [name, fn] of entries) checkFunction(`functions.${name}`, fn);
    for (const [name, fn] of entries) this.functions.set(name, fn as AnyFunction);
  }

  get ports(): readonly object[] {
    return [this.#channel, ...Array.from(this.#callers.values(), ({ link }) => link.ports).flat()];
  }

  /** The server always waits, because a call may arrive at any time. */
  readonly waits = 1;

  close(): void {
    this.#loop._external--;
    for (const { link } of this.#callers.values()) link.close();
    this.#callers.clear();
    this.#channel.close();
    this.#release();
    remoteServers.delete(this.#loop);
  }

  /** Welcomes a caller. A caller that gets no welcome says hello again. */
  #admit(hello: Hello): void {
    const { link: name } = hello;
    let caller = this.#callers.get(name);
    if (caller === undefined) {
      caller = new Caller(this.#loop, this.functions, hello, () => this.#callers.delete(name));
      this.#callers.set(name, caller);
    }
    caller.link.send({ type: "welcome" });
  }
}

/** A connection from another thread, and its calls. */
class Caller {
  readonly link: ThreadLink;
  readonly #loop: Scheduler;
  readonly #functions: ReadonlyMap<string, AnyFunction>;
  readonly #forget: () => void;
  readonly #calls = new Map<number, Task<unknown>>();
  /** The calls that were cancelled and are still running. */
  readonly #cancelled = new Set<number>();
  #isLost = false;

  constructor(
    loop: Scheduler,
    functions: ReadonlyMap<string, AnyFunction>,
    hello: Hello,
    forget: () => void,
  ) {
    this.#loop = loop;
    this.#functions = functions;
    this.#forget = forget;
    this.link = new ThreadLink(hello.link, hello.bell, [hello.link, undefined], this);
  }

  onMessage(message: Message): void {
    if (message.type === "call") this.#start(message.id, message.name, message.args);
    else if (message.type === "cancel" && this.#calls.get(message.id)?.cancel(message.message)) {
      this.#cancelled.add(message.id);
    }
  }

  onLost(): void {
    this.#isLost = true;
    this.#forget();
    for (const task of this.#calls.values()) task.cancel("The calling thread has disconnected");
  }

  #start(id: number, name: string, args: readonly unknown[]): void {
    const loop = this.#loop;
    const task = new Task(loop, perform(loop, name, this.#functions.get(name), args), { name });
    if (id !== 0) this.#calls.set(id, task);
    task.addDoneCallback(() => {
      this.#calls.delete(id);
      if (id !== 0 && !this.#isLost) this.#answer(id, task);
      else this.#report(name, task);
    });
  }

  #answer(id: number, task: Task<unknown>): void {
    const isHeard = this.#cancelled.delete(id);
    try {
      const [value] = moved([task.result()]);
      this.link.send({ type: "result", id, value, ...(isHeard && { isHeard }) });
    } catch (error) {
      const isCancelled = task.cancelled();
      this.link.send({ type: "error", id, error: packError(error), isCancelled });
    }
  }

  /** Reports the error of a call whose outcome nothing awaits. */
  #report(name: string, task: Task<unknown>): void {
    if (task.cancelled() || !task._hasFailed()) return;
    const exception = task._reason();
    const message = `An exception in \`${name}\`, which another thread called without waiting for the outcome`;
    this.#loop.callExceptionHandler({ message, exception, task });
  }
}

/** Calls a function, and awaits what it returns if that can be awaited. */
function* perform(
  loop: Scheduler,
  name: string,
  fn: AnyFunction | undefined,
  args: readonly unknown[],
): Coroutine<unknown> {
  if (fn === undefined) throw new LookupError(`The loop exposes no function named \`${name}\``);
  const made = fn(...args);
  if (isCoroutine(made)) return yield* made as Coroutine<unknown>;
  return isThenable(made) ? yield* ensureFutureOn(loop, made) : made;
}
