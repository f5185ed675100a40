// The types of calls on a fleet, and the mistakes they reject.

import type { Coroutine } from "mysyncio";
import { defineTask, FleetExecutor, memoryEngine } from "mysyncio/fleet";

const { url } = import.meta;
const fleet = new FleetExecutor({ engine: memoryEngine() });
const view = fleet.with({ attempts: 2 });

interface Photo {
  readonly n: number;
}
const resize = defineTask(url, "resize", (n: number, width = 400): Photo => ({ n: n * width }));
const nap = defineTask(url, "nap", function* (ms: number): Coroutine<string> {
  yield;
  return `${ms}`;
});

exactly<Coroutine<Photo>>()(fleet.call(resize, 1));
exactly<Coroutine<string>>()(view.call(nap, 1));
exactly<Promise<Photo>>()(fleet.submit(resize, [1, 200]));
exactly<Promise<string>>()(fleet.detach(resize, [1]));
exactly<Coroutine<Photo[]>>()(fleet.map(resize, [1, 2, 3]));
exactly<Coroutine<string[]>>()(view.map(nap, new Set([1]), { concurrency: 2 }));

// @ts-expect-error An item has the type of the first argument.
fleet.map(resize, ["a"]);
// @ts-expect-error A worker knows a function only by its name.
fleet.call({ url, name: "resize" }, 1);
// @ts-expect-error Likewise.
void fleet.detach({ url, name: "resize" }, [1]);
// @ts-expect-error A function that was not made by defineTask.
fleet.map((n: number) => n, [1]);
// @ts-expect-error The second argument is a number.
fleet.call(resize, 1, "wide");
