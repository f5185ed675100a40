// Each program of the tutorial prints what its page says, and its lists can be seen to move.

import assert from "node:assert/strict";
import { test } from "node:test";
import { inBrowsers, press, textOf, waitForText, waitInInspector } from "./inBrowsers.mjs";
import { tutorialPrograms } from "./programs.mjs";

inBrowsers((on) => {
  for (const { page: path, name, shows, output } of tutorialPrograms()) {
    test(`${path}: ${name}`, async () => {
      await on(path, async (page) => {
        await page.waitForSelector("my-lab[data-ready]");
        await press(page, "Run");
        await page.waitForSelector(".output[data-state=ended], .output[data-state=failed]");
        assert.equal(await textOf(page, ".output .lines"), output);
        if (shows === "inspect") {
          await waitInInspector(page, "compiled core");
          return;
        }
        const frames = Number(
          await page.$eval(".stage input", (slider) => slider.getAttribute("max")),
        );
        assert.ok(frames > 3, `expected frames, got ${frames}`);
        await press(page, "Step");
        await press(page, "Back");
        const before = await textOf(page, ".stage .caption");
        await press(page, "Step");
        assert.notEqual(await textOf(page, ".stage .caption"), before);
        assert.notEqual((await page.$$(".stage .lane")).length, 0);
      });
    });
  }

  test("an edited program runs as edited, and Reset brings the original back", async () => {
    await on("tutorial/deque", async (page) => {
      await page.waitForSelector("my-lab[data-ready]");
      await press(page, "Edit");
      await page.waitForSelector(".cm-content");
      await page.keyboard.down("Control");
      await page.keyboard.press("End");
      await page.keyboard.up("Control");
      await page.keyboard.type('console.log("edited" as string);');
      await press(page, "Run");
      await waitForText(page, ".output .lines", "edited");
      await press(page, "Reset");
      await page.waitForFunction(
        () => !document.querySelector(".cm-content")?.textContent?.includes("edited"),
      );
    });
  });

  test("a program that never ends is stopped by Cancel", async () => {
    await on("tutorial/deque", async (page) => {
      await page.waitForSelector("my-lab[data-ready]");
      await press(page, "Edit");
      await page.waitForSelector(".cm-content");
      await page.keyboard.type('console.log("for ever"); for (;;);\n');
      await press(page, "Run");
      await waitForText(page, ".output .lines", "for ever");
      await press(page, "Cancel");
      await waitForText(page, ".output .lines", "its worker was terminated");
    });
  });

  test("the core's heap stays a heap while timers are added, fire and are cancelled", async () => {
    await on("tutorial/core", async (page) => {
      await page.waitForSelector("my-core[data-ready]");
      const pressed = async (/** @type {string} */ what) => {
        await press(page, what);
        await page.waitForSelector("::-p-xpath(//button[.='Add a timer'][not(@disabled)])");
        return await page.$$eval(".tree .cell b", (cells) =>
          cells.map(({ textContent }) => Number.parseInt(textContent ?? "", 10)),
        );
      };
      await pressed("Add a timer");
      const added = await pressed("Add a timer");
      assert.equal(added.length, 8);
      const fired = await pressed("Let the first one fire");
      // The deadlines are random, and others that are due at the same instant fire too.
      const left = added.filter((when) => when > Math.min(...added));
      assert.deepEqual(fired.toSorted(), left.toSorted());
      const whens = await pressed("Cancel one");
      assert.equal(whens.length, left.length - 1);
      for (const [index, when] of whens.entries()) {
        if (index > 0) assert.ok(when >= Number(whens[(index - 1) >> 2]), `${whens}`);
      }
      assert.equal((await page.$$(".bytes span")).length, whens.length);
    });
  });
});
