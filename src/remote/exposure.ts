// The functions of a loop that other threads may call, and the calls that are under way.

import { checkFunction, wrongType } from "../loop/arguments.ts";
import { LookupError } from "../loop/errors.ts";
import type { ExposedFunctions, Exposing, RemoteTicket } from "../loop/exposing.ts";
import { bellToShare } from "../loop/hosts/blocking.ts";
import { holdName, reachableThread } from "../loop/hosts/lifeline.ts";
import type { PortOwner } from "../loop/hosts/ports.ts";
import type { Scheduler } from "../loop/scheduler.ts";
import { ensureFutureOn, isThenable } from "../tasks/awaitable.ts";
import { type Coroutine, isCoroutine } from "../tasks/coroutine.ts";
import { Task } from "../tasks/task.ts";
import { type Hello, Line, type Message, newName, openChannel } from "./line.ts";
import { packError } from "./remoteError.ts";
import { moved } from "./transfer.ts";

type AnyFunction = (...args: readonly unknown[]) => unknown;

const exposures = /* @__PURE__ */ new WeakMap<Scheduler, Exposure>();

/** What `loop` exposes: one thing for all who ask. */
export function exposureOf(loop: Scheduler): Exposing {
  const known = exposures.get(loop);
  if (known !== undefined) return known;
  const made = new Exposure(loop);
  exposures.set(loop, made);
  return made;
}

class Exposure implements Exposing, PortOwner {
  readonly ticket: RemoteTicket;
  readonly functions = new Map<string, AnyFunction>();
  readonly #loop: Scheduler;
  readonly #callers = new Set<Caller>();
  readonly #channel: BroadcastChannel;
  readonly #release: () => void;

  constructor(loop: Scheduler) {
    this.#loop = loop;
    const name = newName();
    this.ticket = { _exposed: name, _thread: reachableThread(), _bell: bellToShare() };
    this.#release = holdName(name, () => undefined);
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
    return [this.#channel, ...Array.from(this.#callers, ({ line }) => line.ports).flat()];
  }

  /** A call may come at any time. */
  readonly waits = 1;

  close(): void {
    this.#loop._external--;
    for (const { line } of this.#callers) line.close();
    this.#callers.clear();
    this.#channel.close();
    this.#release();
    exposures.delete(this.#loop);
  }

  #admit(hello: Hello): void {
    const caller = new Caller(this.#loop, this.functions, hello, () => {
      this.#callers.delete(caller);
    });
    this.#callers.add(caller);
  }
}

/** Somebody in another thread who calls. */
class Caller {
  readonly line: Line;
  readonly #loop: Scheduler;
  readonly #functions: ReadonlyMap<string, AnyFunction>;
  readonly #forget: () => void;
  readonly #calls = new Map<number, Task<unknown>>();
  /** The calls that are under way although they were cancelled. */
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
    this.line = new Line(hello.line, hello.bell, [hello.line, undefined], this);
    this.line.send({ type: "welcome" });
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
    for (const task of this.#calls.values()) task.cancel("The caller's thread has gone");
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
      this.line.send({ type: "result", id, value, ...(isHeard && { isHeard }) });
    } catch (error) {
      const isCancelled = task.cancelled();
      this.line.send({ type: "error", id, error: packError(error), isCancelled });
    }
  }

  /** Nobody waits for the outcome. */
  #report(name: string, task: Task<unknown>): void {
    if (task.cancelled()) return;
    const exception = task.exception();
    if (exception === undefined) return;
    const message = `An exception in \`${name}\`, which another thread called and does not wait for`;
    this.#loop.callExceptionHandler({ message, exception, task });
  }
}

function* perform(
  loop: Scheduler,
  name: string,
  fn: AnyFunction | undefined,
  args: readonly unknown[],
): Coroutine<unknown> {
  if (fn === undefined) throw new LookupError(`The loop exposes nothing by the name \`${name}\``);
  const made = fn(...args);
  if (isCoroutine(made)) return yield* made as Coroutine<unknown>;
  return isThenable(made) ? yield* ensureFutureOn(loop, made) : made;
}
