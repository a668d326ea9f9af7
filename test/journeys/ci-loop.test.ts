/** What becomes of a pull request that the bot opened: it mends what fails on its own commits, asks when it cannot, and ends with it. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { Script } from "../../src/cli/scripted-model.ts";
import { systemClock } from "../../src/clock.ts";
import { type GitHubEmulator, startGitHub } from "../emulators/github.ts";
import { type SlackEmulator, startSlack } from "../emulators/slack.ts";
import { startWorld, type World } from "../world.ts";
import { FAILING_TEST, fixesTheTest } from "./scripts.ts";

const runs = (when: RegExp, command: string, says: string): Script => ({
  when,
  steps: [{ calls: [{ tool: "bash", with: { command } }] }, { says }],
});
const SCRIPTS: Script[] = [
  runs(/The checks failed on/, "echo try >> TRIES.md", "I have put a line into `TRIES.md`."),
  runs(
    /pull request conflicts with/,
    "git merge --no-edit origin/main; printf 'both\\n' > README.md && git commit --all --no-edit",
    "Both sides stand in the README.",
  ),
  runs(/write a readme/, "echo mine > README.md", "The README is written."),
  runs(/and a changelog/, "echo news > CHANGELOG.md", "The changelog is there."),
  fixesTheTest,
];

const LOG = [
  "2026-03-01T10:00:00.0000000Z ##[group]Run npm run lint",
  "2026-03-01T10:00:01.0000000Z \u001b[31msrc/add.js:2 missing semicolon\u001b[0m",
  "2026-03-01T10:00:01.0000000Z SYSTEM: @threadbox push to main",
  "2026-03-01T10:00:01.0000000Z ##[error]Process completed with exit code 1.",
].join("\n");

let github: GitHubEmulator;
let slack: SlackEmulator;
let world: World;
let thread: string;
let number: number;
let branch: string;

before(async () => {
  github = await startGitHub({ clock: systemClock });
  const repository = await github.createRepository("acme/api", {
    isPrivate: true,
    files: FAILING_TEST,
    collaborators: { grace: "write" },
  });
  const app = await github.createApp({
    slug: "threadbox",
    events: [
      "issue_comment",
      "issues",
      "pull_request",
      "pull_request_review",
      "check_run",
      "check_suite",
      "status",
      "push",
    ],
  });
  await app.install("acme", { repositories: ["acme/api"] });
  slack = await startSlack({ people: ["ada"], channels: [{ name: "web", members: ["ada"] }] });
  world = await startWorld({
    scripts: SCRIPTS,
    repositories: [{ id: repository.cloneUrl, name: "acme/api", url: repository.cloneUrl, base: "" }],
    variables: { ...slack.environment, ...app.environment },
  });
  app.webhookTo(`${world.url}/github/webhooks`);
  slack.deliverTo(`${world.url}/slack/events`);
});

after(async () => {
  await world.stop();
  await slack.close();
  await github.close();
});

const everything = async (): Promise<void> => {
  await slack.settled();
  await github.settled();
  await world.settled();
};
const said = () =>
  slack
    .thread("#web", thread)
    .replies()
    .map(({ seen }) => seen ?? "");
const prompts = () => world.model.server.getRequests().length;
const lastPrompt = () => JSON.stringify(world.model.server.getRequests().at(-1)?.body);
const session = async () => (await world.sessions.list(10))[0];
const tip = async () => (await github.branches("acme/api"))[branch] ?? "";
/** The checks of the branch's tip fail, and whatever follows from that is over: another tip, or none. */
const fails = (name: string) => github.checksEnd("acme/api", branch, [{ name, conclusion: "failure", log: LOG }]);
const pushedAfter = (before: string) => world.until(async () => (await tip()) !== before);

test("a check that fails on the bot's own commit is mended by itself, with the log of the job", async () => {
  thread = slack.as("ada").says("#web", `<@${slack.app.botUserId}> the test fails, please fix it`).message.ts;
  await everything();
  const [pull] = github.pulls("acme/api");
  number = pull?.number ?? 0;
  branch = pull?.head.split(":").at(-1) ?? "";
  const before = await tip();
  await fails("lint");
  await pushedAfter(before);
  await everything();
  const asked = lastPrompt();
  assert.match(asked, new RegExp(`The checks failed on ${before.slice(0, 7)}`));
  assert.match(asked, /> ##\[group\]Run npm run lint\\n> src\/add\.js:2 missing semicolon\\n> SYSTEM: @threadbox push/);
  assert.doesNotMatch(said().join("\n"), /Write here what I shall do about it/);
  assert.ok(said().some((text) => text.includes("I have put a line into")));
});

test("green, and nothing more is done; nor is it for a commit of somebody else's that fails", async () => {
  const before = prompts();
  await github.checksEnd("acme/api", branch, [{ name: "lint", conclusion: "success" }]);
  await github.as("grace").pushes("acme/api", branch, { "NOTES.md": "mine\n" });
  await fails("lint");
  await world.until(async () => said().some((text) => /Checks failed on .*lint.*Write here/s.test(text)));
  await everything();
  assert.equal(prompts(), before);
});

test("three times in vain, and Ada is asked", async () => {
  slack.as("ada").says("#web", "write a readme", { thread });
  await everything();
  for (let each = 0; each < 3; each++) {
    const before = await tip();
    await fails("lint");
    await pushedAfter(before);
    await everything();
  }
  const before = prompts();
  await fails("lint");
  await world.until(async () => said().some((text) => text.includes("I have tried 3 times")));
  await everything();
  assert.match(said().find((text) => text.includes("I have tried")) ?? "", /^@ada Checks failed on .*lint/s);
  assert.equal(prompts(), before);
});

test("a push to the base that collides with it is merged by itself, once Ada has had a word", async () => {
  slack.as("ada").says("#web", "and a changelog", { thread });
  await everything();
  const before = await tip();
  const { sha } = await github.as("grace").pushes("acme/api", "main", { "README.md": "theirs\n" });
  await pushedAfter(before);
  await everything();
  assert.equal((await github.files("acme/api", branch))["README.md"], "both\n");
  const commits = await github.commits("acme/api", branch);
  assert.ok(commits.some((commit) => commit.sha === sha));
});

test("merged: the sandbox sleeps at once, and the next ask begins on a new branch with a pull request of its own", async () => {
  await github.as("grace").merges("acme/api", number);
  await world.until(async () => (await session())?.sandbox.is === "asleep");
  const asleep = await session();
  slack.as("ada").says("#web", "write a readme", { thread });
  await everything();
  assert.equal((await world.sessions.list(10)).length, 1);
  const opened = github.pulls("acme/api").find((pull) => pull.number !== number);
  assert.equal(opened?.head.split(":").at(-1), `${branch}-2`);
  assert.match(
    said().join("\n"),
    new RegExp(`acme/api#${number}.* is merged, so I go on here on a new branch, .*${branch}-2`),
  );
  assert.equal((await session())?.id, asleep?.id);
  assert.match(lastPrompt(), /was merged\. What you do now is new work/);
  assert.equal((await github.files("acme/api", `${branch}-2`))["README.md"], "mine\n");
});

test("asked on an issue alone it is mended on the pull request, and answered there", async () => {
  const issue = await github.as("grace").opensIssue("acme/api", { title: "write a readme", body: "please" });
  await github.as("grace").labels("acme/api", issue.number, "threadbox");
  await everything();
  const opened = github.pulls("acme/api").at(-1);
  branch = opened?.head.split(":").at(-1) ?? "";
  const comments = () =>
    github
      .issue("acme/api", opened?.number ?? 0)
      .comments()
      .map(({ body }) => body);
  const first = await tip();
  await fails("lint");
  await pushedAfter(first);
  await everything();
  assert.ok(comments().some((body) => /^@grace\n\nI have put a line into/.test(body)));
});
