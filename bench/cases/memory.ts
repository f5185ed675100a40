import { run } from "mysyncio";
import type { Case, Figure, Measured } from "../harness/compare.ts";
import { count, sized } from "../sizes.ts";
import { addHostTimers, addTimers, bytesOfEach, parkNatively, parkTasks } from "../waiting.ts";

const WAITING = sized(100_000);

async function measure(): Promise<Measured> {
  const bytes = async (wait: (count: number) => () => void) => {
    const weigh = () => run(() => bytesOfEach(WAITING, () => wait(WAITING)));
    await weigh(); // compiles, and grows the structures that are kept
    return await weigh();
  };
  const row = (what: string, value: number, bound?: number): Figure => ({
    what,
    note: `one of ${count(WAITING)}`,
    value,
    unit: "bytes",
    ...(bound === undefined ? {} : { atMost: bound }),
  });
  return {
    figures: [
      row("a task parked on a future, both", await bytes(parkTasks), 400),
      row("an async function parked on a promise, both", await bytes(parkNatively)),
      row("a pending timer", await bytes(addTimers), 160),
      row("a pending setTimeout", await bytes(addHostTimers)),
    ],
  };
}

export default {
  name: "memory",
  question: "How much memory does waiting take?",
  measure,
} satisfies Case;
