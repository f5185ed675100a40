import { budgets } from "../../.ci/size.mjs";
import type { Case, Figure } from "../harness.ts";

export default {
  name: "size",
  question: "How much do users ship?",
  async measure() {
    const figures: Figure[] = budgets().map(({ name, size, limit }) => ({
      what: name,
      value: size,
      unit: "bytes",
      atMost: limit,
    }));
    return { figures };
  },
} satisfies Case;
