/** What becomes of a turn's commits on GitHub: with which token, by whose name, signed or not, and where they may not go. */
import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { after, before, describe, test } from "node:test";
import type { Script } from "../../src/cli/scripted-model.ts";
import { systemClock } from "../../src/clock.ts";
import { type GitHubEmulator, startGitHub } from "../emulators/github.ts";
import { startWorld, type World } from "../world.ts";

const run = (command: string) => ({ calls: [{ tool: "bash", with: { command } }] });
const scripts: Script[] = [
  {
    when: /touch the pipeline/,
    steps: [
      run("mkdir -p .github/workflows && echo 'on: push' > .github/workflows/own.yml"),
      { says: "Changed the pipeline." },
    ],
  },
  { when: /say two/, steps: [run("echo two > a.txt"), { says: "It says two now." }] },
  { when: /make it runnable/, steps: [run("echo three > a.txt; chmod +x a.txt"), { says: "It runs now." }] },
  {
    when: /push it yourself/,
    steps: [
      run(
        "echo mine > mine.txt; git add -A; git commit -qm 'By hand'; git push origin HEAD:main; git push origin HEAD; env | grep -c gh[s]_; grep -rc gh[s]_ .git/config",
      ),
      { says: "I tried." },
    ],
  },
];

let github: GitHubEmulator;
let world: World;
let botId: number;
let aliceId: number;

before(async () => {
  github = await startGitHub({ clock: systemClock });
  aliceId = github.createUser("alice").id;
  const repository = await github.createRepository("acme/api", {
    isPrivate: true,
    files: { "a.txt": "one\n" },
    collaborators: { alice: "write" },
  });
  const signed = await github.createRepository("acme/signed", {
    files: { "a.txt": "one\n" },
    collaborators: { alice: "write" },
  });
  const app = await github.createApp({ slug: "threadbox" });
  botId = app.bot.id;
  await app.install("acme");
  world = await startWorld({
    scripts,
    repositories: [repository, signed].map(({ cloneUrl }, i) => ({
      id: cloneUrl,
      name: i ? "acme/signed" : "acme/api",
      url: cloneUrl,
      base: "",
    })),
    verifiedCommits: { "acme/signed": true },
    variables: app.environment,
  });
  app.webhookTo(`${world.url}/github/webhooks`);
});
after(async () => {
  await world.stop();
  await github.close();
});

async function asks(repository: string, words: string): Promise<{ number: number; told: string }> {
  const issue = await github.as("alice").opensIssue(repository, { title: "An order", body: `@threadbox ${words}` });
  await github.settled();
  await world.settled();
  await github.settled();
  await world.settled();
  const told = github
    .issue(repository, issue.number)
    .comments()
    .map(({ body }) => body);
  return { number: issue.number, told: told.at(-1) ?? "" };
}
const branches = (): Promise<Record<string, string>> => github.branches("acme/api");
const headOf = (repository: string): string => github.pulls(repository).at(-1)?.head.split(":").at(-1) ?? "";

describe("a turn that touches the workflows of the CI", () => {
  test("says so and stops: nothing is pushed, and a person is told what to do", async () => {
    const { told } = await asks("acme/api", "touch the pipeline");
    assert.match(told, /\.github\/workflows\/own\.yml/);
    assert.match(told, /A person who may change workflows applies that part by hand/);
    assert.deepEqual(Object.keys(await branches()), ["main"]);
    assert.equal(github.pulls("acme/api").length, 0);
    const [session] = await world.sessions.list(1);
    const transcript = await world.sessions.transcript(session?.id ?? "", 0, 1_000);
    const diff = transcript.flatMap(({ entry: { event } }) => (event.type === "diff" ? [event.patch] : []));
    assert.match(diff.join(""), /\+on: push/);
  });

  test("and the agent was told so before", () =>
    assert.match(JSON.stringify(world.model.server.getRequests()[0]?.body), /workflows/));
});

describe("a turn's commits", () => {
  test("are the bot's, by its number, with whoever asked beside it; only the one branch is pushed, after the agent", async () => {
    await asks("acme/api", "push it yourself");
    const branch = headOf("acme/api");
    assert.deepEqual(Object.keys(await branches()).sort(), [branch, "main"].sort());
    assert.equal((await github.files("acme/api", "main"))["mine.txt"], undefined);
    const [commit] = await github.commits("acme/api", branch);
    assert.equal(commit?.author, `threadbox[bot] <${botId}+threadbox[bot]@users.noreply.127.0.0.1>`);
    assert.equal(commit?.message, `By hand\n\nCo-authored-by: alice <${aliceId}+alice@users.noreply.127.0.0.1>`);
    const [session] = await world.sessions.list(1);
    const transcript = JSON.stringify(await world.sessions.transcript(session?.id ?? "", 0, 1_000));
    assert.match(transcript, /could not read Username/);
    assert.ok(readdirSync(world.folderOf(session?.id ?? "")).length > 0);
  });

  test("are signed by GitHub where the team has chosen that, and git's where GitHub cannot make them, which is said", async () => {
    await asks("acme/signed", "say two");
    const branch = headOf("acme/signed");
    const [commit] = await github.commits("acme/signed", branch);
    assert.match(commit?.author ?? "", /threadbox\[bot\]@users\.noreply/);
    assert.match(commit?.message ?? "", /Co-authored-by: alice/);
    const mutations = () => github.requests.filter(({ route }) => route === "POST /graphql").length;
    assert.equal(mutations(), 1);
    const { told } = await asks("acme/signed", "make it runnable");
    assert.match(told, /Pushed by git, so the commits are not signed: a\.txt is executable/);
    assert.equal(mutations(), 1);
  });
});
