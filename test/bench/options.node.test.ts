import { describe, expect, test } from "vitest";
import { CASES } from "../../bench/cases.ts";
import { parseOptions } from "../../bench/harness/options.ts";

describe("the options of the benchmarks", () => {
  test("select every case and print a table by default", () => {
    expect(parseOptions([], "node")).toEqual({
      cases: CASES,
      rounds: 9,
      isJson: false,
      withPeers: false,
      withNodes: false,
      conditions: ["alone"],
      node: "node",
      writesResults: true,
      name: undefined,
      prints: undefined,
    });
  });

  test("select cases by name, with or without --case; each runs once, in the usual order", () => {
    const { cases } = parseOptions(["lock", "--case", "switch", "--case=lock"]);

    expect(cases).toEqual(["switch", "lock"]);
  });

  test("select rounds, peers, another Node, and the output", () => {
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

  test.each(["mixed", "collected", "cold"] as const)("select the condition %s", (condition) => {
    expect(parseOptions([`--${condition}`, "--nodes"])).toMatchObject({
      conditions: [condition],
      withNodes: true,
    });
  });

  test("select several conditions, or all", () => {
    expect(parseOptions(["--cold", "--mixed"]).conditions).toEqual(["mixed", "cold"]);
    expect(parseOptions(["--all"]).conditions).toEqual(["alone", "mixed", "collected", "cold"]);
  });

  test("print the cases or the usage", () => {
    expect(parseOptions(["--list"]).prints).toBe("cases");
    expect(parseOptions(["--help", "--list"]).prints).toBe("usage");
  });

  test.each([
    [["swich"], /Unknown case "swich". The cases are: switch, spawn/],
    [["timer"], /Unknown case "timer" \(did you mean timers\?\)/],
    [["--rounds", "0"], /Expected --rounds to be a whole number > 0, got "0"/],
    [["--rounds", "many"], /got "many"/],
    [["--rounds", "1.5"], /got "1.5"/],
    [["--rounds"], /--rounds.*\n\nUsage:/s],
    [["--fast"], /--fast.*\n\nUsage:/s],
    [["--name", "../away"], /Expected --name to be a file name, got "..\/away"/],
    [["--name", "..."], /Expected --name/],
  ])("reject %j, and name the alternatives", (args, message) => {
    expect(() => parseOptions(args)).toThrow(RangeError);
    expect(() => parseOptions(args)).toThrow(message);
  });
});
