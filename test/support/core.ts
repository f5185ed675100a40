import { inject } from "vitest";
import { setDefaultCore } from "../../src/core/core.ts";

setDefaultCore(inject("core"));
