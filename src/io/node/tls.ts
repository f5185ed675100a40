// `node:tls` takes twice as long to load as this package, and most programs don't use it. So it is
// loaded when the first connection or server needs it.

import type { Server } from "node:net";
import { getBuiltinModule } from "node:process";
import type { Server as TlsServer } from "node:tls";

/** Returns the module `node:tls`. */
export function loadTls(): typeof import("node:tls") {
  return getBuiltinModule("node:tls");
}

/** Whether `server` uses TLS. */
export function isTlsServer(server: Server): server is TlsServer {
  // Not `instanceof`, which needs the module.
  return "setSecureContext" in server;
}
