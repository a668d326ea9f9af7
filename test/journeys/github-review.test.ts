import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { Script } from "../../src/cli/scripted-model.ts";
import { systemClock } from "../../src/clock.ts";
import type { AppHandle } from "../emulators/github/app-handle.ts";
import { type GitHubEmulator, startGitHub } from "../emulators/github.ts";
import { startWorld, type World } from "../world.ts";

const looksAtTheReview: Script = {
  when: /look at these/,
  steps: [
    { calls: [{ tool: "bash", with: { command: "echo 'export const two = 2;' >> src/add.js" } }] },
    {
      says: "I renamed it and left the other one.\n\n[comment 1: done]\nRenamed to `sum`.\n\n[comment 2]\nIt is needed for the cookie.",
    },
  ],
};

const doesAsTheCommentsAsk: Script = {
  when: /Do what the inline comments of this review ask for/,
  steps: [{ says: "Nothing had to be changed.\n\n[comment 4: done]\nIt was so already." }],
};

const doesAsOneCommentAsks: Script = {
  when: /lower case/,
  steps: [
    { calls: [{ tool: "bash", with: { command: "echo '// lower' >> src/add.js" } }] },
    { says: "It is in lower case now.\n\n[comment 5: done]" },
  ],
};

let github: GitHubEmulator;
let app: AppHandle;
let world: World;
let number: number;
const REPO = "acme/api";

before(async () => {
  github = await startGitHub({ clock: systemClock });
  const repository = await github.createRepository(REPO, {
    isPrivate: true,
    files: { "README.md": "# api\n", "src/add.js": "export function add(a, b) {\n  return a - b;\n}\n" },
    collaborators: { alice: "write" },
  });
  app = await github.createApp({ slug: "threadbox" });
  await app.install("acme", { repositories: [REPO] });
  world = await startWorld({
    scripts: [looksAtTheReview, doesAsTheCommentsAsk, doesAsOneCommentAsks],
    repositories: [{ id: repository.cloneUrl, name: REPO, url: repository.cloneUrl, base: "" }],
    variables: app.environment,
  });
  app.webhookTo(`${world.url}/github/webhooks`);
  const files = { "src/add.js": "export function plus(a, b) {\n  return a + b;\n}\nexport const one = 1;\n" };
  await github.as("alice").pushes(REPO, "plus", files);
  number = (await github.as("alice").opensPullRequest(REPO, { title: "Add", head: "plus" })).number;
});

after(async () => {
  await world.stop();
  await github.close();
});

const settled = async (): Promise<void> => {
  await github.settled();
  await world.settled();
  await github.settled();
  await world.settled();
};
const turns = () => world.model.server.getRequests().length;
const pull = () => github.pulls(REPO)[0];
const inline = () => pull()?.reviewComments() ?? [];
/** What we said in the thread of that comment. */
const repliesTo = (root: number): string[] =>
  inline()
    .filter(({ inReplyToId, author }) => inReplyToId === root && author === "threadbox[bot]")
    .map(({ body }) => body);
const isResolved = (root: number): boolean => inline().some(({ id, isResolved }) => id === root && isResolved);
const inConversation = () => pull()?.comments() ?? [];

/** Nobody answers while it happens; then GitHub tells of it again, as this orders it. */
async function toldLater(deed: () => Promise<unknown>, order: (events: string[]) => number[]): Promise<string[]> {
  app.webhookTo("http://127.0.0.1:1/");
  const before = github.deliveries.length;
  await deed();
  await github.settled();
  app.webhookTo(`${world.url}/github/webhooks`);
  const missed = github.deliveries.slice(before).sort((a, b) => a.id - b.id);
  const answers: string[] = [];
  for (const index of order(missed.map(({ event }) => event))) {
    const delivery = missed[index];
    if (delivery) answers.push((await github.redeliver(delivery)).response.body);
  }
  return answers;
}

describe("a review with text and two inline comments", () => {
  let first: number;
  let second: number;

  test("is one turn, answered in the conversation and in both threads, and what is done is resolved", async () => {
    await github.as("alice").reviews(REPO, number, {
      body: "@threadbox please look at these",
      comments: [
        { path: "src/add.js", line: 1, side: "RIGHT", body: "call it sum" },
        { path: "src/add.js", line: 4, side: "RIGHT", body: "what is this for?" },
      ],
    });
    await settled();
    [first = 0, second = 0] = inline().map(({ id }) => id);
    assert.equal((await world.sessions.list(10)).length, 1);
    assert.equal(turns(), 2, "a tool call and an answer: one turn");
    const answers = inConversation().filter(({ body }) => body.includes("I renamed it and left the other one."));
    assert.equal(answers.length, 1);
    assert.doesNotMatch(answers[0]?.body ?? "", /Renamed to|\[comment/);
    assert.deepEqual(
      [repliesTo(first), repliesTo(second)].map((replies) => replies.map((body) => body.split("\n")[0])),
      [["Renamed to `sum`."], ["It is needed for the cookie."]],
    );
    assert.deepEqual([isResolved(first), isResolved(second)], [true, false]);
  });

  test("told the agent where each comment stands", () => {
    const prompt = JSON.stringify(world.model.server.getRequests()[0]?.body);
    assert.match(prompt, /alice asks:\\n\\nplease look at these/);
    assert.match(prompt, /\[comment 1\] stands on:\\n\\n> src\/add\.js:1\\n.*call it sum/);
    assert.match(
      prompt,
      /\[comment 2\] stands on:\\n\\n> src\/add\.js:4\\n.*> \+export const one = 1;\\n\\nwhat is this for\?/,
    );
  });

  test("has eyes on the review itself", () => {
    assert.deepEqual(pull()?.reviews()[0]?.reactions, [{ content: "eyes", user: "threadbox[bot]" }]);
  });
});

test("a review whose events come in the other order, and twice, is one turn; what nobody mentioned leads to the answer", async () => {
  const before = turns();
  const ids = new Set(inline().map(({ id }) => id));
  const answers = await toldLater(
    () =>
      github.as("alice").reviews(REPO, number, {
        comments: [
          { path: "src/add.js", line: 2, side: "RIGHT", body: "is this right, @threadbox?" },
          { path: "src/add.js", line: 3, side: "RIGHT", body: "and this?" },
        ],
      }),
    (events) => [...events.keys()].reverse().flatMap((index) => [index, index]),
  );
  await settled();
  assert.deepEqual(
    answers.map((answer) => Object.keys(JSON.parse(answer))[0]),
    ["accepted", "ignored", "ignored", "ignored", "ignored", "ignored"],
  );
  assert.equal(turns(), before + 1);
  const [third = 0, fourth = 0] = inline()
    .filter(({ id, author }) => !ids.has(id) && author === "alice")
    .map(({ id }) => id);
  const answer = inConversation().find(({ body }) => body.includes("Nothing had to be changed."));
  assert.match(
    repliesTo(third)[0] ?? "",
    new RegExp(`^See \\[my answer\\]\\(.*/pull/${number}#issuecomment-${answer?.id}\\)`),
  );
  assert.match(repliesTo(fourth)[0] ?? "", /^It was so already\./);
  assert.deepEqual([isResolved(third), isResolved(fourth)], [false, true]);
  assert.deepEqual([repliesTo(third).length, repliesTo(fourth).length], [1, 1]);
});

test("a single inline comment is answered in its thread alone, which is resolved when it is done", async () => {
  const conversation = inConversation().length;
  const comment = { path: "src/add.js", line: 2, body: "@threadbox lower case" };
  const { id } = await github.as("alice").reviewComments(REPO, number, comment);
  await settled();
  assert.equal(inConversation().length, conversation);
  const replies = repliesTo(id);
  assert.equal(replies.length, 2, "what goes on, and the answer");
  assert.match(replies[1] ?? "", /^@alice\n\nIt is in lower case now\.\n/);
  assert.ok(isResolved(id));
  assert.deepEqual(inline().find((one) => one.id === id)?.reactions, [{ content: "eyes", user: "threadbox[bot]" }]);
});

test("a review that only approves starts nothing", async () => {
  github.collaborator(REPO, github.createUser("bob").login, "write");
  const before = [turns(), inConversation().length];
  await github.as("bob").reviews(REPO, number, { event: "APPROVE" });
  await settled();
  assert.deepEqual([turns(), inConversation().length], before);
});
