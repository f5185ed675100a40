// Replaces functions of the host while any exploration is active, and restores them afterwards.

import { installPlatform } from "../../loop/platform.ts";
import { installGlobals } from "./globals.ts";
import { installNodeTimers } from "./nodeTimers.ts";
import { unwatchOutside, watchOutside } from "./outside.ts";
import { installPoints } from "./points.ts";
import { installRejections } from "./rejections.ts";
import type { Restore } from "./replace.ts";
import { closeStages, currentStage, openStages } from "./stages.ts";

let users = 0;
let installed: Restore[] = [];

/** Calls `body` with the host's functions replaced by ones that find out which run calls them. */
export async function withStages<T>(body: () => Promise<T>): Promise<T> {
  install();
  try {
    return await body();
  } finally {
    uninstall();
  }
}

function install(): void {
  if (users++ > 0) return;
  openStages();
  watchOutside();
  installPlatform({ clock: () => currentStage()?.clock });
  installed = [installPoints(), installRejections(), ...installGlobals(), ...installNodeTimers()];
}

function uninstall(): void {
  if (--users > 0) return;
  // Restore in this order, because the call of `syncBuiltinESMExports` must be last.
  for (const putBack of installed) putBack();
  installed = [];
  installPlatform({ clock: () => undefined });
  unwatchOutside();
  closeStages();
}
