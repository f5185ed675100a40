import { budgets } from "../../.ci/size.mjs";
import type { Case, Figure } from "../harness.ts";

export default {
  name: "size",
  question: "How much do users ship?",
  async figures(): Promise<Figure[]> {
    return budgets().map(({ name, size, limit }) => ({
      what: name,
      value: size,
      unit: "bytes",
      atMost: limit,
    }));
  },
} satisfies Case;
