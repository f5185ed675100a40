export { type VirtualFixtures, virtualTestApi as test } from "./testing/vitestFixtures.ts";
