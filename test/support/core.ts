import { afterAll, inject } from "vitest";
import { setDefaultCore } from "../../src/core/core.ts";
import { locations } from "../../src/lang/locations.ts";
import { holders } from "../../src/loop/holders.ts";

setDefaultCore(inject("core"));

// Most files share their modules with others. Loops that a file leaves open must not make the next
// file record what only debug mode and virtual clocks need.
const before = [holders.watchers, holders.checkers, locations.watchers] as const;

afterAll(() => {
  [holders.watchers, holders.checkers, locations.watchers] = before;
});
