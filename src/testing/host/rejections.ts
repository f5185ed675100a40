// Assigns unhandled rejections to runs. The host reports them in events.

import { stageOfRejection } from "./stages.ts";

interface NodeProcess {
  emit: (this: unknown, event: string, ...args: unknown[]) => boolean;
  getBuiltinModule?(name: "node:process"): NodeProcess;
}

/** Passes unhandled rejections to their run. Returns a function that reverts this. */
export function installRejections(): () => void {
  const { process } = globalThis as { process?: NodeProcess };
  // Jest's `process` is a copy, on which Node emits nothing.
  const node = process?.getBuiltinModule?.("node:process") ?? process;
  if (typeof node?.emit === "function") return installOnNode(node);
  return typeof globalThis.addEventListener === "function" ? installOnPage() : () => undefined;
}

/**
 * Replaces `emit` rather than adding a listener, because the listeners of a test runner would
 * report the rejection too. Node emits the event in the context of the promise.
 */
function installOnNode(node: NodeProcess): () => void {
  const before = Object.getOwnPropertyDescriptor(node, "emit");
  const { emit } = node;
  const replacement = function (this: unknown, event: string, ...args: unknown[]): boolean {
    if (event === "unhandledRejection" && take(args[0])) return true;
    return Reflect.apply(emit, this, [event, ...args]);
  };
  node.emit = replacement;
  return () => {
    if (node.emit !== replacement) return;
    if (before === undefined) Reflect.deleteProperty(node, "emit");
    else Object.defineProperty(node, "emit", before);
  };
}

function installOnPage(): () => void {
  const onRejection = (event: Event & { readonly reason?: unknown }): void => {
    if (!take(event.reason)) return;
    event.preventDefault();
    event.stopImmediatePropagation();
  };
  const options = { capture: true };
  globalThis.addEventListener("unhandledrejection", onRejection as EventListener, options);
  return () =>
    globalThis.removeEventListener("unhandledrejection", onRejection as EventListener, options);
}

/**
 * Hands an unhandled rejection to its run. Returns false if it belongs to no run, or if the run is
 * over. Then the host reports the rejection.
 */
function take(reason: unknown): boolean {
  const stage = stageOfRejection();
  if (stage === undefined || stage.isOver) return false;
  stage.rejections.push(reason);
  return true;
}
