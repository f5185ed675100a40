/**
 * A scope for async functions: the first child that fails aborts the others' signal, and all are
 * awaited. The controller is created when the signal is first used, or a child fails.
 */
export class Group {
  readonly #children: Promise<unknown>[] = [];
  #controller: AbortController | undefined;
  #error: unknown;
  #hasFailed = false;

  get signal(): AbortSignal {
    this.#controller ??= new AbortController();
    return this.#controller.signal;
  }

  spawn<T>(child: () => Promise<T>): Promise<T> {
    const promise = child();
    this.#children.push(promise);
    promise.catch(this.#fail);
    return promise;
  }

  async join(): Promise<void> {
    for (const child of this.#children) {
      try {
        await child;
      } catch {
        // It was passed to `#fail`, and the first error is thrown below.
      }
    }
    if (this.#hasFailed) throw this.#error;
  }

  readonly #fail = (error: unknown): void => {
    if (this.#hasFailed) return;
    this.#hasFailed = true;
    this.#error = error;
    this.#controller?.abort(error);
  };
}
