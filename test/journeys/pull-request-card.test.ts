/** Ada asks in Slack, and the thread goes on showing what becomes of the pull request; she is called only where she has to do something. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { systemClock } from "../../src/clock.ts";
import { type GitHubEmulator, startGitHub } from "../emulators/github.ts";
import { type SlackEmulator, startSlack } from "../emulators/slack.ts";
import { startWorld, type World } from "../world.ts";
import { FAILING_TEST, fixesTheTest } from "./scripts.ts";

let github: GitHubEmulator;
let slack: SlackEmulator;
let world: World;
let app: Awaited<ReturnType<GitHubEmulator["createApp"]>>;
let thread: string;
let number: number;
let branch: string;

before(async () => {
  github = await startGitHub({ clock: systemClock });
  const repository = await github.createRepository("acme/api", {
    isPrivate: true,
    files: FAILING_TEST,
    collaborators: { grace: "write", rita: "read" },
  });
  app = await github.createApp({
    slug: "threadbox",
    permissions: {
      ...{ metadata: "read", contents: "write", issues: "write", pull_requests: "write" },
      ...{ checks: "read", statuses: "read" },
    },
    events: ["issue_comment", "pull_request", "pull_request_review", "check_run", "check_suite", "status"],
  });
  await app.install("acme", { repositories: ["acme/api"] });
  slack = await startSlack({ people: ["ada"], channels: [{ name: "web", members: ["ada"] }] });
  world = await startWorld({
    scripts: [fixesTheTest],
    // What it would do by itself otherwise is told in ci-loop.test.ts.
    github: { fixChecks: false },
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
const ours = () => slack.thread("#web", thread).replies();
const card = () => ours().find(({ seen }) => seen?.includes("View on GitHub"));
/** Looks are made by a timer, so the card says it a moment later. */
const cardSays = (words: RegExp) => world.until(async () => words.test(card()?.seen ?? ""));
const turns = () => world.model.server.getRequests().length;

test("#42 the thread of a pull request gets a card behind the answer: title, repository, files", async () => {
  thread = slack.as("ada").says("#web", `<@${slack.app.botUserId}> the test fails, please fix it`).message.ts;
  await everything();
  const [pull] = github.pulls("acme/api");
  number = pull?.number ?? 0;
  branch = pull?.head.split(":").at(-1) ?? "";
  assert.deepEqual(
    ours().map(({ seen }) => /View on GitHub/.test(seen ?? "")),
    [false, false, true],
  );
  assert.match(card()?.seen ?? "", new RegExp(`add.*\nOpen · acme/api#${number} · 1 file \\+2 −1`));
  assert.doesNotMatch(card()?.seen ?? "", /check/);
});

test("#42 checks that run, and fail: the card says so, and one line calls Ada, however much CI tells", async () => {
  const before = turns();
  await github.checkBegins("acme/api", branch, "test");
  await cardSays(/0 of 1 check passed, 1 running/);
  await github.statusIs("acme/api", branch, "ci/lint", "pending");
  await github.checksComplete("acme/api", branch, "failure");
  await cardSays(/1 of 2 checks failed, 1 running: test/);
  assert.equal(ours().length, 3);
  await github.statusIs("acme/api", branch, "ci/lint", "failure");
  await cardSays(/2 of 2 checks failed: ci\/lint, test/);
  await everything();
  for (let i = 0; i < 3; i++) await github.statusIs("acme/api", branch, "ci/lint", "failure");
  await everything();
  const ada = slack.person("ada").id;
  const line = ours().at(-1);
  assert.equal(ours().length, 4);
  assert.match(line?.text ?? "", new RegExp(`^<@${ada}> Checks failed on <.*/pull/${number}\\|acme/api#${number}>: `));
  assert.equal(turns(), before);
});

test("#42 a bot that is restarted in between says nothing twice", async () => {
  await world.restart();
  app.webhookTo(`${world.url}/github/webhooks`);
  slack.deliverTo(`${world.url}/slack/events`);
  await github.statusIs("acme/api", branch, "ci/lint", "success");
  await cardSays(/1 of 2 checks failed: test/);
  await everything();
  assert.equal(ours().length, 4);
});

test("#42 mended and green, the card is edited and nobody is called", async () => {
  await github.as("grace").pushes("acme/api", branch, { "NOTES.md": "mended\n" });
  await cardSays(/2 files \+3 −1/);
  await github.checksComplete("acme/api", branch, "success");
  await cardSays(/✓ 1 check passed/);
  await everything();
  assert.equal(ours().length, 4);
});

test("#42 a review that the agent itself takes up is on the card, and calls nobody; an approval takes it back", async () => {
  await github.as("grace").reviews("acme/api", number, { event: "REQUEST_CHANGES", body: "Smaller, please." });
  await everything();
  await cardSays(/changes requested by grace/);
  await everything();
  assert.equal(ours().length, 5);
  assert.match(ours().at(-1)?.seen ?? "", /^grace asked .*Smaller, please/);
  await github.as("grace").reviews("acme/api", number, { event: "APPROVE", body: null });
  await cardSays(/approved by grace/);
  assert.doesNotMatch(card()?.seen ?? "", /changes requested/);
  await everything();
  assert.equal(ours().length, 5);
});

test("#42 where nobody else takes it up, a review that asks for changes calls Ada once, and a stranger's does not", async () => {
  slack.as("ada").says("#web", "mute", { thread });
  await everything();
  const before = ours().length;
  await github.as("rita").reviews("acme/api", number, { event: "REQUEST_CHANGES", body: "No." });
  await github.as("grace").reviews("acme/api", number, { event: "REQUEST_CHANGES", body: "Shorter, please." });
  await cardSays(/changes requested by grace/);
  await everything();
  assert.equal(ours().length, before + 1);
  assert.match(ours().at(-1)?.seen ?? "", /@ada grace asks for changes on/);
  assert.doesNotMatch(card()?.seen ?? "", /rita/);
});

test("#42 #36 merged: the card says so, where it stood from the beginning, and no link was unfurled", async () => {
  const before = ours().length;
  const [first] = ours().filter(({ seen }) => seen?.includes("View on GitHub"));
  await github.as("grace").editsIssue("acme/api", number, { title: "Adds <!channel> *again*" });
  await github.as("grace").merges("acme/api", number);
  await cardSays(/Merged · acme\/api#/);
  await everything();
  assert.equal(card()?.ts, first?.ts);
  assert.equal(ours().length, before);
  assert.doesNotMatch(JSON.stringify(card()?.blocks), /<!channel>/);
});
