import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { givenUp } from "../../src/cli/stored.ts";
import { unposted } from "../../src/cli/unposted.ts";
import { systemClock } from "../../src/clock.ts";
import type { AppHandle } from "../emulators/github/app-handle.ts";
import { type GitHubEmulator, startGitHub } from "../emulators/github.ts";
import { type SlackChannel, startSlackChannel } from "./slack-channel.ts";

const says = (word: string) => ({ when: new RegExp(`say ${word}`), steps: [{ says: `I say ${word}.` }] });
const WORDS = ["alpha", "bravo", "charlie", "delta", "echo", "foxtrot", "golf", "hotel"];

let channel: SlackChannel;
let slack: SlackChannel["slack"];
let world: SlackChannel["world"];
let github: GitHubEmulator;
let app: AppHandle;
/** One thread and one issue, so that every turn but the first has its sandbox already. */
let thread: string;
let issue: number;

before(async () => {
  github = await startGitHub({ clock: systemClock });
  const files = { "README.md": "# api\n" };
  const repository = await github.createRepository("acme/api", { files, collaborators: { alice: "write" } });
  app = await github.createApp({ slug: "threadbox" });
  await app.install("acme", { repositories: ["acme/api"] });
  channel = await startSlackChannel(["ada"], {
    scripts: WORDS.map(says),
    repositories: [{ id: repository.cloneUrl, name: "acme/api", url: repository.cloneUrl, base: "main" }],
    variables: app.environment,
  });
  ({ slack, world } = channel);
  reachable();
  issue = (await github.as("alice").opensIssue("acme/api", { title: "Words", body: "Some." })).number;
});

after(async () => {
  await channel.stop();
  await github.close();
});

const reachable = () => app.webhookTo(`${world.url}/github/webhooks`);

/** What the bot said in the thread; a progress message that missed its last edit is none of it. */
const answers = () =>
  channel.ours(thread).flatMap(({ seen }) => (seen.includes("▸") ? [] : (/I say (\w+)\./.exec(seen)?.[1] ?? [])));
const posted = () => channel.ours(thread).length;

/** Resolves when the progress message of what is asked here stands there: what comes now is its answer. */
async function asks(word: string): Promise<void> {
  const before = posted();
  slack.as("ada").says("#web", `say ${word}`, { thread });
  await slack.until(() => posted() > before, `the progress of ${word}`);
}

describe("Slack misbehaves", () => {
  test("it hangs when the mention is acknowledged, and the answer is there all the same", async () => {
    slack.faults.next("reactions.add", { hang: true });
    slack.faults.next("reactions.add", { reset: true });
    thread = channel.mentions("say alpha");
    await channel.everything();
    assert.deepEqual(answers(), ["alpha"]);
    const [root] = slack.thread("#web", thread).messages();
    assert.deepEqual(
      root?.reactions.map(({ name }) => name),
      ["eyes"],
    );
  });

  test("it takes the answer and says that it failed: one answer", async () => {
    await asks("bravo");
    slack.faults.next("chat.postMessage", { status: 500, after: "commit" });
    await channel.everything();
    assert.deepEqual(answers(), ["alpha", "bravo"]);
  });

  test("#40 it has had enough of edits: they are dropped, and the answer is there", async () => {
    await asks("charlie");
    slack.faults.next("chat.update", { status: 429, retryAfter: 1 });
    await channel.everything();
    assert.deepEqual(answers(), ["alpha", "bravo", "charlie"]);
  });

  test("#41 it is away when the answer is ready: it is posted later, and the next one does not overtake it", async () => {
    await asks("delta");
    slack.faults.next("chat.postMessage", { status: 503 }, 3);
    const failed = () => slack.requests.of("chat.postMessage").some(({ status }) => status === 503);
    await slack.until(failed, "the answer meets a 503");
    slack.as("ada").says("#web", "say echo", { thread });
    await channel.everything();
    assert.deepEqual(answers(), ["alpha", "bravo", "charlie", "delta", "echo"]);
  });

  test("#41 the token dies: the answer stands in `threadbox sessions`, and nothing goes on trying", async () => {
    await asks("foxtrot");
    slack.app.revoked = true;
    await channel.everything();
    slack.app.revoked = false;
    const [session] = await world.sessions.list(1);
    assert.ok(session);
    assert.deepEqual(unposted(await givenUp(world.bot.store, [session.id])), {
      effect: "answer",
      code: "surface.unauthorized",
      detail: "Slack answered token_revoked",
      remedy:
        "The token was refused. Replace it in .env and restart, or install the app again; `threadbox doctor` checks it.",
    });
    const [turn] = (await world.sessions.turns(session.id)).toReversed();
    assert.equal(turn?.result?.answer, "I say foxtrot.");
  });

  test("nothing of all that was met by nobody", () => assert.deepEqual(slack.faults.pending(), []));
});

describe("GitHub misbehaves", () => {
  const COMMENT = "POST /repos/{owner}/{repo}/issues/{issue_number}/comments";
  const ours = () =>
    github
      .issue("acme/api", issue)
      .comments()
      .filter((comment) => comment.author === "threadbox[bot]");
  const answered = () => ours().flatMap(({ body }) => /I say (\w+)\./.exec(body)?.[1] ?? []);
  const everything = async () => {
    await github.settled();
    await channel.everything();
  };

  test("it takes the comment and says that it failed: one comment", async () => {
    await github.as("alice").comments("acme/api", issue, "@threadbox say golf");
    await github.until(() => ours().length === 1);
    github.faults.next(COMMENT, { kind: "status", status: 502, when: "after" });
    await everything();
    assert.deepEqual([answered(), ours().length], [["golf"], 2]);
    assert.deepEqual(github.faults.pending(), []);
  });

  test("it tells us something while we are away: that is done when we are back, once", async () => {
    app.webhookTo("http://127.0.0.1:1/");
    await github.as("alice").comments("acme/api", issue, "@threadbox say hotel");
    assert.equal(github.deliveries.at(-1)?.statusCode, 0);
    await channel.restart();
    reachable();
    await world.until(async () => answered().length === 2);
    await channel.restart();
    reachable();
    await everything();
    assert.deepEqual(answered(), ["golf", "hotel"]);
  });
});
