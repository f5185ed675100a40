import { useEffect, useState } from "react";
import { checkFunction, wrongType } from "../lang/arguments.ts";
import { isCancellation } from "../lang/thrown.ts";
import { getEventLoop } from "../program/eventLoop.ts";
import { toAsync } from "../program/toAsync.ts";
import type { Awaitable } from "../tasks/awaitable.ts";

/** The state of a task in a component. */
export type TaskState<T> =
  | { readonly status: "pending"; readonly value: undefined; readonly error: undefined }
  | { readonly status: "fulfilled"; readonly value: T; readonly error: undefined }
  | { readonly status: "rejected"; readonly value: undefined; readonly error: unknown }
  | { readonly status: "cancelled"; readonly value: undefined; readonly error: undefined };

/** What `useTask` returns. */
export type ComponentTask<T> = TaskState<T> & {
  /**
   * The value of the component's last fulfilled task, to show while the next task is pending.
   * Undefined if no task was fulfilled yet.
   */
  readonly latest: T | undefined;
  /** Cancels the task, unless it has ended. The status becomes "cancelled". */
  readonly cancel: () => void;
  /** Starts the task again. If it has not ended, cancels it first. */
  readonly restart: () => void;
};

const PENDING = { status: "pending", value: undefined, error: undefined } as const;
const CANCELLED = { status: "cancelled", value: undefined, error: undefined } as const;
const FAILED_LATE = "The task of a component failed after it had been cancelled";

/** One start of the task, and the dependencies for which it was started. */
interface Attempt {
  readonly dependencies: readonly unknown[];
  /** Undefined while no task runs. */
  controller: AbortController | undefined;
}

/** How the task of an attempt ended. */
interface Ending<T> {
  readonly attempt: Attempt | undefined;
  readonly state: TaskState<T>;
  readonly latest: T | undefined;
}

const NOTHING: Ending<never> = { attempt: undefined, state: PENDING, latest: undefined };

/**
 * Runs a coroutine in a React component: when the component is mounted, and again whenever a
 * dependency changes. The component renders again when the task ends.
 *
 * The task is cancelled when a dependency changes, and when the component is unmounted or hidden by
 * an `Activity`. Its clean-up then runs, and its outcome is ignored. Only an error during the
 * clean-up is reported, to the loop's exception handler. As soon as a dependency has changed, the
 * status is "pending", so `value` never belongs to earlier dependencies. (`latest` may.) In
 * `StrictMode`, React mounts each component twice, and the first task is cancelled before it
 * starts.
 *
 * An error of the coroutine is not thrown. To show it in an error boundary, throw `error` while
 * rendering.
 *
 * The coroutine runs on the thread's default loop, as calls of `toAsync` do. On a server, it does
 * not run.
 *
 * @param body a coroutine function. It sees the variables of the render that started the task. The
 * rule `react-hooks/exhaustive-deps` checks the dependencies if its option `additionalHooks` is
 * `"useTask"`.
 * @param dependencies compared with `Object.is`, as for `useEffect`. An object that is created in
 * each render always counts as changed, and React then throws "Too many re-renders".
 * @throws TypeError if `body` is not a function, or `dependencies` not an array.
 * @example
 * function Profile({ id }: { id: string }) {
 *   const user = useTask(() => timeout(5_000, () => fetchUser(id)), [id]);
 *   if (user.status === "rejected") return <button onClick={user.restart}>Try again</button>;
 *   return <h1>{user.value?.name ?? "Loading"}</h1>;
 * }
 */
export function useTask<T>(
  body: () => Awaitable<T>,
  dependencies: readonly unknown[],
): ComponentTask<T> {
  checkFunction("body", body);
  if (!Array.isArray(dependencies)) throw wrongType("dependencies", "an array", dependencies);
  const [known, setAttempt] = useState(() => newAttempt(dependencies));
  const [ending, setEnding] = useState<Ending<T>>(NOTHING);
  let attempt = known;
  if (!areSame(known.dependencies, dependencies)) {
    // Set while rendering, so that React renders again instead of showing the old state.
    attempt = newAttempt(dependencies);
    setAttempt(attempt);
  }
  // biome-ignore lint/correctness/useExhaustiveDependencies: an attempt stands for the dependencies
  useEffect(() => {
    const controller = new AbortController();
    attempt.controller = controller;
    const loop = getEventLoop();
    let isCurrent = true;
    const end = (state: TaskState<T>): void => {
      if (!isCurrent) return;
      attempt.controller = undefined;
      setEnding(({ latest }) => ({
        attempt,
        state,
        latest: state.status === "fulfilled" ? state.value : latest,
      }));
    };
    toAsync(body)(controller.signal).then(
      (value) => end({ status: "fulfilled", value, error: undefined }),
      (error) => {
        if (isCancellation(error)) end(CANCELLED);
        else if (isCurrent) end({ status: "rejected", value: undefined, error });
        else loop.callExceptionHandler({ message: FAILED_LATE, exception: error });
      },
    );
    return () => {
      isCurrent = false;
      attempt.controller = undefined;
      controller.abort();
    };
  }, [attempt]);
  return {
    ...(ending.attempt === attempt ? ending.state : PENDING),
    latest: ending.latest,
    cancel: () => attempt.controller?.abort(),
    restart: () => setAttempt(newAttempt(dependencies)),
  };
}

function newAttempt(dependencies: readonly unknown[]): Attempt {
  return { dependencies, controller: undefined };
}

function areSame(before: readonly unknown[], after: readonly unknown[]): boolean {
  return (
    before.length === after.length && before.every((value, index) => Object.is(value, after[index]))
  );
}
