/** The pages as people meet them: a real browser, the real scripts and styles, the ports behind them in memory. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { ThreadboxError } from "../../src/errors.ts";
import type { AgentEvent } from "../../src/wire/events.ts";
import { answer, progress } from "../contracts/surface.ts";
import { chromiumPath, launchChromium } from "./chromium.ts";
import { aSession } from "./memory.ts";
import { servedPages } from "./served.ts";

const executable = chromiumPath();
const skip = executable === null ? "no chromium on this machine" : false;
const PHONE = { viewport: { width: 360, height: 740 } };
const THREAD = { surface: "web", id: "t1" } as const;
const once = (marker: string) => ({ marker, again: false });

describe("in a browser", { skip }, () => {
  let browser: Browser;
  before(async () => {
    browser = await launchChromium(executable ?? "");
  });
  after(() => browser.close());

  type World = Awaited<ReturnType<typeof servedPages>> & { page: Page; complaints: string[] };

  /** A test with pages of its own; what a script throws and what the browser blocks fails it. */
  function seen(sentence: string, check: (world: World) => Promise<void>, options: BrowserContextOptions = {}): void {
    test(sentence, { timeout: 240_000 }, async () => {
      const served = await servedPages();
      const context = await browser.newContext({ reducedMotion: "reduce", ...options });
      const page = await context.newPage();
      page.setDefaultTimeout(10_000);
      const complaints: string[] = [];
      page.on("pageerror", (error) => complaints.push(error.message));
      page.on("console", (line) => {
        // What the network does is told by the tests themselves.
        if (line.type() === "error" && !line.text().includes("Failed to load resource")) complaints.push(line.text());
      });
      try {
        await check({ ...served, page, complaints });
        assert.deepEqual(complaints, []);
      } finally {
        await context.close();
        await served.close();
      }
    });
  }

  describe("the thread page", { concurrency: 3 }, () => {
    seen("what one types is posted, and stands in a thread of its own", async ({ page, url, inbox }) => {
      await page.goto(url);
      const mentioned = inbox.next();
      await page.getByLabel("Message", { exact: true }).fill("fix the login");
      await page.keyboard.press("Enter");
      assert.equal((await mentioned).text, "fix the login");
      await page.waitForURL(/\/threads\//);
      await page.locator(".post.person", { hasText: "fix the login" }).waitFor();
      await page.locator("#thread-list [aria-current=page]", { hasText: "fix the login" }).waitFor();
    });

    seen("Shift + Enter makes a new line", async ({ page, url, inbox }) => {
      await page.goto(url);
      await page.keyboard.type("first");
      await page.keyboard.press("Shift+Enter");
      await page.keyboard.type("second");
      const mentioned = inbox.next();
      await page.keyboard.press("Enter");
      assert.equal((await mentioned).text, "first\nsecond");
    });

    seen("progress appears, changes in its place, is stopped, and ends in an answer", async (world) => {
      const { page, surface, inbox } = world;
      await openThread(world);
      await surface.show(THREAD, { ...progress("Reading login.ts"), steps: [step("running")] }, null, null, once("e1"));
      await page.locator(".steps li", { hasText: "running" }).waitFor();
      const edited = { ...progress("Running npm test"), steps: [step("failed")] };
      await surface.show(THREAD, edited, null, "e1", once("e1"));
      await page.locator(".steps li", { hasText: "failed" }).waitFor();
      assert.equal(await page.locator(".post.progress").count(), 1);
      assert.equal(await page.locator("#announcer").textContent(), "Running npm test");

      const mentioned = inbox.next();
      await page.getByRole("button", { name: "Stop" }).click();
      assert.equal((await mentioned).text, "stop");

      const ended = answer({ surface: "web", id: "local", name: "web user" }, "I had **half** of it.");
      ended.result = { ...ended.result, outcome: "stopped", stoppedBy: "web user", branch: "threadbox/fix-login" };
      ended.result.changes = { files: 2, insertions: 24, deletions: 6 };
      ended.pullRequest = { number: 42, url: "https://github.com/acme/api/pull/42" };
      ended.tests = [{ command: "npm test", ok: false }];
      await surface.answer(THREAD, ended, once("e2"));
      const post = page.locator(".post.answer");
      await post.locator("strong", { hasText: "half" }).waitFor();
      const words = ((await post.textContent()) ?? "").replace(/\s+/g, " ");
      for (const part of [
        "■ Stopped by web user",
        "2 files changed, +24 −6",
        "threadbox/fix-login",
        "#42",
        "npm test failed",
      ]) {
        assert.ok(words.includes(part), `${part} in ${words}`);
      }
      await page.getByRole("button", { name: "Stop" }).waitFor({ state: "hidden" });
    });

    seen("a message that could not be sent stays in the box, with the reason", async (world) => {
      const { page, inbox } = world;
      await openThread(world);
      inbox.failure = new ThreadboxError("queue.full", "twenty are waiting");
      await page.keyboard.type("one more");
      await page.keyboard.press("Enter");
      await page.getByRole("alert").filter({ hasText: "queue.full" }).waitFor();
      assert.equal(await page.locator("#text").inputValue(), "one more");
      inbox.failure = null;
      const mentioned = inbox.next();
      await page.keyboard.press("Enter");
      await mentioned;
      await until(page, "document.querySelector('#text').value === ''");
      assert.equal(await page.locator(".post.person", { hasText: "one more" }).count(), 1);
    });

    seen("it can be used with the keyboard alone", async (world) => {
      const { page, surface, inbox } = world;
      await openThread(world);
      await surface.show(THREAD, progress("Reading"), null, null, once("e1"));
      await page.getByRole("button", { name: "Stop" }).waitFor();
      const skipLink = page.getByRole("link", { name: "Skip to the message box" });
      await skipLink.focus();
      assert.ok(((await skipLink.boundingBox())?.height ?? 0) > 20, "the skip link shows itself");
      const visited: string[] = [];
      for (let i = 0; i < 6; i++) {
        await page.keyboard.press("Tab");
        visited.push(await page.evaluate("document.activeElement.textContent.trim() || document.activeElement.id"));
        assert.equal(
          await page.evaluate("getComputedStyle(document.activeElement).outlineStyle"),
          "solid",
          visited.at(-1),
        );
      }
      assert.deepEqual(visited, ["threadbox", "New thread", visited[2], "text", "Stop", "Send"]);
      assert.match(visited[2] ?? "", /^fix the login/);
      await page.keyboard.press("Shift+Tab");
      const mentioned = inbox.next();
      await page.keyboard.press("Space");
      assert.equal((await mentioned).text, "stop");
    });

    seen("a thread that does not exist says so, and the way back works", async ({ page, url }) => {
      await page.goto(`${url}/threads/nope`);
      await page.getByRole("heading", { name: "There is no such thread" }).waitFor();
      await page.getByRole("link", { name: "Go to the threads" }).click();
      await page.getByRole("heading", { name: "What should be done?" }).waitFor();
    });
  });

  describe("the session page", { concurrency: 3 }, () => {
    seen("it streams text, tools with their outcome, the diff and the end", async (world) => {
      const { page, sessions } = world;
      await openSession(world);
      sessions.append("s1", { type: "turn.started", turn: "m1", prompt: "m1" }, text("I will **look**"));
      await page.locator(".entry.text", { hasText: "I will **look**" }).waitFor();
      sessions.append(
        "s1",
        text(" at it."),
        ...tool("c1", false, "not ok 1\nnot ok 2"),
        ...tool("c2", true, lines(60)),
      );
      await page.locator(".entry.text strong", { hasText: "look" }).waitFor();
      await page.locator(".tool", { hasText: "✗" }).filter({ hasText: "failed" }).waitFor();
      const long = page.locator(".tool", { hasText: "✓" }).filter({ hasText: "ok" });
      await long.getByText("48 more lines").click();
      await long.getByText("line 60").waitFor();
      const patch = "diff --git a/a.js b/a.js\n--- a/a.js\n+++ b/a.js\n@@ -1 +1 @@\n-old\n+new\n";
      sessions.append("s1", { type: "diff", turn: "m1", patch, cut: false }, ended());
      await page.locator(".line.add", { hasText: "+new" }).waitFor();
      await page.locator(".end", { hasText: "✓ Done" }).filter({ hasText: "threadbox/fix-login" }).waitFor();
    });

    seen(
      "what the agent itself told is loaded when one asks for it, between the rest, and goes again",
      async (world) => {
        const { page, sessions } = world;
        await openSession(world);
        sessions.append(
          "s1",
          { type: "turn.started", turn: "m1", prompt: "m1" },
          text("I look. "),
          raw("message_end", '{"type":"message_end","words":"<b>as it came</b>"}'),
          text("I see."),
          raw("", "Segmentation fault"),
          ended(),
        );
        await page.locator(".end", { hasText: "✓ Done" }).waitFor();
        assert.equal(await page.locator(".raw").count(), 0);
        const asked = page.waitForRequest(/\/events\?raw=1&cursor=0$/);
        await page.getByLabel("Show raw events").check();
        await asked;
        await page.locator(".end", { hasText: "✓ Done" }).waitFor();
        const first = page.locator(".raw", { hasText: "message_end" });
        await first.locator("summary").click();
        await first.locator("pre", { hasText: '"words": "<b>as it came</b>"' }).waitFor();
        assert.equal(await page.locator(".raw").count(), 2);
        assert.equal(await page.locator(".entry.text", { hasText: "I look. I see." }).count(), 1);
        sessions.append("s1", raw("agent_settled", "{}"));
        await page.locator(".raw", { hasText: "agent_settled" }).waitFor();
        await page.getByLabel("Show raw events").uncheck();
        await page.locator(".end", { hasText: "✓ Done" }).waitFor();
        assert.equal(await page.locator(".raw").count(), 0);
        assert.equal(await page.locator(".end").count(), 1);
      },
    );

    seen("it follows the end until one scrolls up, and offers the way back", async (world) => {
      const { page, sessions } = world;
      await openSession(world);
      sessions.append("s1", ...asides(80));
      await until(page, AT_END);
      await page.mouse.move(600, 400);
      await page.mouse.wheel(0, -500);
      await until(page, `!(${AT_END})`);
      const top = await page.evaluate("window.scrollY");
      sessions.append("s1", ...asides(3));
      const jump = page.getByRole("button", { name: "Jump to the newest (3 new)" });
      await jump.waitFor();
      assert.equal(await page.evaluate("window.scrollY"), top);
      await jump.click();
      await until(page, AT_END);
      sessions.append("s1", ...asides(1));
      await until(page, `document.querySelectorAll(".aside").length === 84 && ${AT_END}`);
      assert.equal(await jump.isVisible(), false);
    });

    seen("after a cut connection nothing is lost and nothing comes twice", async (world) => {
      const { page, sessions, cutConnections } = world;
      await openSession(world);
      sessions.append("s1", text("one "), text("two "));
      await page.locator(".entry.text", { hasText: "two" }).waitFor();
      cutConnections();
      await page.locator("#connection[data-state=lost]").waitFor();
      sessions.append("s1", text("three "), text("four"));
      await page.locator("#connection[data-state=live]").waitFor();
      await page.locator(".entry.text", { hasText: "four" }).waitFor();
      assert.equal(await page.locator("#transcript").textContent(), "one two three four");
    });
  });

  describe("both pages", { concurrency: 3 }, () => {
    for (const [what, path] of [
      ["thread", "/threads/t1"],
      ["session", "/sessions/s1"],
    ] as const) {
      const fill = async (world: World): Promise<void> => {
        const wide = "x".repeat(300);
        await world.threads.put({ thread: "t1", ref: "a", kind: "person", author: "You", body: `\`${wide}\``, at: 1 });
        await world.surface.show(THREAD, { ...progress(wide), steps: [step("ok", wide)] }, null, null, once("e1"));
        world.sessions.sessions.set("s1", aSession({ title: wide }));
        const patch = `diff --git a/${wide} b/${wide}\n@@ -1 +1 @@\n+${wide}\n`;
        world.sessions.append("s1", text(wide), ...tool("c1", true, wide), {
          type: "diff",
          turn: "m1",
          patch,
          cut: true,
        });
        await world.page.goto(world.url + path);
        await world.page.locator(what === "thread" ? ".post.progress" : ".diff").waitFor();
      };

      seen(
        `the ${what} page needs no sideways scrolling on a phone`,
        async (world) => {
          await fill(world);
          assert.equal(await world.page.evaluate("document.documentElement.scrollWidth"), PHONE.viewport.width);
        },
        PHONE,
      );

      seen(
        `the ${what} page is dark where the system is`,
        async (world) => {
          await fill(world);
          const ground = await world.page.evaluate("getComputedStyle(document.documentElement).backgroundColor");
          assert.equal(ground, "rgb(22, 21, 19)");
        },
        { colorScheme: "dark" },
      );
    }

    seen("markup of others stays text wherever it stands", async (world) => {
      const { page, url, threads, surface, sessions } = world;
      const evil = `<img src=x onerror="window.hacked=1"><script>window.hacked=1</script>`;
      await threads.put({ thread: "t1", ref: "a", kind: "person", author: evil, body: evil, at: 1 });
      await surface.show(THREAD, { ...progress(evil), said: evil, steps: [step("ok", evil)] }, null, null, once("e1"));
      await surface.say(THREAD, `${evil} [x](javascript:window.hacked=1)`, once("e2"));
      await page.goto(`${url}/threads/t1`);
      await page.locator(".post.note").waitFor();
      sessions.sessions.set("s1", aSession({ title: evil }));
      sessions.append("s1", { type: "turn.started", turn: "m1", prompt: evil }, text(evil), ...tool("c1", false, evil));
      const patch = `diff --git a/${evil} b/${evil}\n@@ -1 +1 @@\n+${evil}\n`;
      sessions.append("s1", { type: "diff", turn: "m1", patch, cut: false }, { ...ended(), answer: evil });
      const asked = { turn: "m1", question: "q1", text: evil, options: [evil], otherwise: evil, deadlineMs: 1 };
      sessions.append("s1", { type: "question.asked", ...asked });
      sessions.append("s1", { type: "question.answered", turn: "m1", question: "q1", answer: evil, by: "deadline" });
      const leave = { ...asked, question: "q2", permission: { tool: evil, subject: evil } };
      sessions.append("s1", { type: "question.asked", ...leave });
      sessions.append("s1", { type: "permission.denied", turn: "m1", tool: "bash", subject: evil, rule: evil });
      const quiet = { silentMs: 300_000, stopsInMs: 300_000, during: evil };
      sessions.append("s1", { type: "turn.silent", turn: "m1", ...quiet });
      assert.equal(await page.evaluate("window.hacked"), undefined);
      assert.equal(await page.locator("#posts img, #posts script").count(), 0);
      await page.goto(`${url}/sessions/s1`);
      await page.locator(".end").waitFor();
      await page.locator(".entry.text .prose").first().waitFor();
      assert.equal(await page.evaluate("window.hacked"), undefined);
      assert.match(
        (await page.locator("#transcript").textContent()) ?? "",
        /Asked.*If nobody answers in time: <img.*it goes on with: <img.*Asked for leave: <img.*Not allowed: bash<img.*By the rule: <img.*Nothing heard for 5 min.*<img/,
      );
      assert.equal(await page.locator("#transcript img, #transcript script").count(), 0);
      assert.equal(await page.locator("h1").textContent(), evil);
    });
  });

  async function openThread({ page, url, threads }: World): Promise<void> {
    await threads.put({ thread: "t1", ref: "a", kind: "person", author: "You", body: "fix the login", at: 1 });
    await page.goto(`${url}/threads/t1`);
    await page.locator(".post.person").waitFor();
    await page.locator("#thread-list a").waitFor();
  }

  async function openSession({ page, url, sessions }: World): Promise<void> {
    sessions.sessions.set("s1", aSession());
    await page.goto(`${url}/sessions/s1`);
    await page.locator("#connection[data-state=live]").waitFor();
  }
});

/** Waits for an expression in the page to be true; playwright's own way evaluates text there, which our policy forbids. */
async function until(page: Page, expression: string): Promise<void> {
  while (!(await page.evaluate(expression))) await page.evaluate("new Promise(requestAnimationFrame)");
}

const AT_END = "window.innerHeight + window.scrollY >= document.documentElement.scrollHeight - 1";

const step = (state: "running" | "ok" | "failed", title = "npm test") => ({ call: "c1", title, state });

const raw = (native: string, line: string): AgentEvent => ({ type: "agent.raw", turn: "m1", native, line, cut: false });
const text = (words: string): AgentEvent => ({ type: "text", turn: "m1", message: 1, text: words });

const lines = (count: number): string => Array.from({ length: count }, (_, i) => `line ${i + 1}`).join("\n");

const asides = (count: number): AgentEvent[] =>
  Array.from({ length: count }, () => ({ type: "workspace.preparing", repository: "acme/api", step: "fetch" }));

const tool = (call: string, ok: boolean, output: string): AgentEvent[] => [
  { type: "tool.started", turn: "m1", call, tool: "bash", title: "npm test", input: '{"command":"npm test"}' },
  { type: "tool.ended", turn: "m1", call, tool: "bash", ok, output, cut: false, durationMs: 1_200 },
];

const ended = (): Extract<AgentEvent, { type: "turn.ended" }> => ({
  type: "turn.ended",
  turn: "m1",
  outcome: "done",
  answer: "I will **look** at it.",
  branch: "threadbox/fix-login",
  durationMs: 42_000,
});
