// Detects when a client of Node's HTTP server disconnects, and aborts a signal then.

/** The part of Node's `ServerResponse` and `Http2ServerResponse` used here. */
export interface NodeResponse {
  readonly destroyed?: boolean;
  readonly writableEnded: boolean;
  /** Http2ServerResponse lacks this property. */
  readonly writableFinished?: boolean;
  once(event: "close", listener: () => void): unknown;
}

/** Returns a signal that aborts when the connection closes before the response is complete. */
export function disconnectOf(response: NodeResponse): AbortSignal {
  const controller = new AbortController();
  const onClose = (): void => {
    if (response.writableFinished ?? response.writableEnded) return;
    controller.abort(new Error("The client closed the connection"));
  };
  // If earlier middleware has waited, the connection may already have closed. Then `close` is not
  // emitted again.
  if (response.destroyed === true) onClose();
  else response.once("close", onClose);
  return controller.signal;
}
