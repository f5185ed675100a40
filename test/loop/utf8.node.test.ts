import { expect, onTestFinished, test, vi } from "vitest";
import { encodeUtf8 } from "../../src/loop/hosts/utf8.ts";

test("text can be encoded without TextEncoder, which Jest's jsdom lacks", () => {
  vi.stubGlobal("TextEncoder", undefined);
  onTestFinished(() => void vi.unstubAllGlobals());

  expect([...encodeUtf8("é")]).toEqual([0xc3, 0xa9]);
});
