// The functions and blocks that users put around a future, in layers of any number.

import {
  asCompleted,
  ContextVar,
  createTask,
  type Future,
  gather,
  mapConcurrent,
  race,
  shield,
  taskGroup,
  timeout,
  wait,
  waitFor,
} from "../../src/index.ts";

const depthVariable = new ContextVar<number>("depth");

export type Layer = (inner: Future<unknown>) => Future<unknown>;

/** Functions that put one layer around a future. */
export const layers: Record<string, Layer> = {
  gather: (inner) => gather([inner]),
  "gather that returns exceptions": (inner) => gather([inner], { returnExceptions: true }),
  "gather of two": (inner) => gather([inner, inner]),
  shield: (inner) => shield(inner),
  "shield and gather": (inner) => shield(gather([inner])),
  task: (inner) =>
    createTask(function* () {
      return yield* inner;
    }),
  wait: (inner) =>
    createTask(function* () {
      const { done } = yield* wait([inner]);
      for (const future of done) future.result();
    }),
  waitFor: (inner) => createTask(waitFor(inner, 1e9)),
  timeout: (inner) =>
    createTask(
      timeout(1e9, function* () {
        return yield* inner;
      }),
    ),
  race: (inner) => createTask(race([inner])),
  asCompleted: (inner) =>
    createTask(function* () {
      for (const next of asCompleted([inner])) yield* next;
    }),
  group: (inner) =>
    createTask(
      taskGroup(function* (group) {
        group.createTask(
          (function* () {
            yield* inner;
          })(),
        );
      }),
    ),
  mapConcurrent: (inner) =>
    createTask(
      mapConcurrent([inner], function* (future) {
        return yield* future;
      }),
    ),
  "task in a context of its own": (inner) => {
    depthVariable.set(depthVariable.get(0) + 1);
    return createTask(function* () {
      return yield* inner;
    });
  },
};
