import { describe, expect, test } from "vitest";
import { CASES } from "../../bench/cases.ts";
import { parseOptions } from "../../bench/options.ts";

describe("the options of the benchmarks", () => {
  test("are every case, eleven rounds and a table by default", () => {
    expect(parseOptions([], "node")).toEqual({
      cases: CASES,
      rounds: 9,
      isJson: false,
      withPeers: false,
      withNodes: false,
      node: "node",
      writesResults: true,
      name: undefined,
      prints: undefined,
    });
  });

  test("name cases with and without --case, which run in their own order, once each", () => {
    const { cases } = parseOptions(["lock", "--case", "switch", "--case=lock"]);

    expect(cases).toEqual(["switch", "lock"]);
  });

  test("choose rounds, peers, another Node, and what is printed and written", () => {
    const args = ["--rounds", "5", "--peers", "--node", "/opt/node", "--json", "--no-results"];

    expect(parseOptions([...args, "--name=quiet"])).toMatchObject({
      rounds: 5,
      withPeers: true,
      node: "/opt/node",
      isJson: true,
      writesResults: false,
      name: "quiet",
    });
  });

  test("print the cases or the usage", () => {
    expect(parseOptions(["--list"]).prints).toBe("cases");
    expect(parseOptions(["--help", "--list"]).prints).toBe("usage");
  });

  test.each([
    [["swich"], /Unknown case "swich". There are: switch, spawn/],
    [["timer"], /Unknown case "timer" \(did you mean timers\?\)/],
    [["--rounds", "0"], /Expected --rounds to be a whole number > 0, got "0"/],
    [["--rounds", "many"], /got "many"/],
    [["--rounds", "1.5"], /got "1.5"/],
    [["--rounds"], /--rounds.*\n\nUsage:/s],
    [["--fast"], /--fast.*\n\nUsage:/s],
    [["--name", "../away"], /Expected --name to be a file name, got "..\/away"/],
    [["--name", "..."], /Expected --name/],
  ])("refuse %j, and say what would do", (args, message) => {
    expect(() => parseOptions(args)).toThrow(RangeError);
    expect(() => parseOptions(args)).toThrow(message);
  });
});
