import { afterEach, expect, test } from "vitest";
import { gather } from "../../src/index.ts";
import { explore } from "../../src/testing.ts";

afterEach(() => {
  delete process.env["MYSYNCIO_SCHEDULE"];
});

test("MYSYNCIO_SCHEDULE makes explore run only that schedule", async () => {
  const orders: string[] = [];
  const main = function* () {
    let letters = "";
    const make = (letter: string) =>
      function* () {
        letters += letter;
      };
    yield* gather([make("a"), make("b"), make("c")]);
    orders.push(letters);
    if (letters === "cab") throw new RangeError(letters);
  };
  process.env["MYSYNCIO_SCHEDULE"] = "1:2:3";

  await expect(explore(main)).rejects.toEqual(new RangeError("cab"));
  expect(orders).toEqual(["cab"]);
});
