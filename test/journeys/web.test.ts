import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { Browser, Page } from "playwright-core";
import { testBranch } from "../../src/cli/demo-repository.ts";
import { chromiumPath, launchChromium } from "../web/chromium.ts";
import { startWorld, type World } from "../world.ts";
import { fixesTheTest, takesForEver } from "./scripts.ts";

const executable = chromiumPath();

describe("somebody opens the page of a bot that was just started", {
  skip: executable === null ? "no chromium on this machine" : false,
}, () => {
  let world: World;
  let browser: Browser;
  let page: Page;

  before(async () => {
    world = await startWorld({ scripts: [fixesTheTest, takesForEver] });
    browser = await launchChromium(executable ?? "");
    page = await browser.newPage();
    page.setDefaultTimeout(20_000);
  });
  after(async () => {
    await browser.close();
    await world.stop();
  });

  test("types what is wrong, watches the steps, and reads the answer with the branch", async () => {
    await page.goto(world.url);
    await page.getByLabel("Message", { exact: true }).fill("the test fails, please fix it");
    await page.keyboard.press("Enter");
    await page.locator(".post.answer", { hasText: "It adds now, and the test passes" }).waitFor();
    const branch = await page
      .locator(".post.answer")
      .getByText(/^threadbox\/test-fails-fix-\w+$/)
      .textContent();
    assert.equal((await testBranch(world.remote.url, branch ?? "")).passed, true);
  });

  test("looks into the session: what the agent said and did, and the change itself", async () => {
    await page.getByRole("link", { name: "Session" }).click();
    await page.getByText("I run the tests first.").waitFor();
    await page.getByText("+  return a + b;").waitFor();
  });

  test("stops a turn that takes too long", async () => {
    await page.goto(world.url);
    await page.getByLabel("Message", { exact: true }).fill("take your time");
    await page.keyboard.press("Enter");
    await page.getByText("sleep 600").first().waitFor();
    await page.getByRole("button", { name: "Stop" }).click();
    await page.getByText("Stopped").first().waitFor();
    await world.settled();
  });
});
