import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { systemClock } from "../../src/clock.ts";
import { type GitHubEmulator, startGitHub } from "../emulators/github.ts";
import { type SlackEmulator, startSlack } from "../emulators/slack.ts";
import { startWorld, type World } from "../world.ts";
import { FAILING_TEST, fixesTheTest, takesForEver, writesTheReadme } from "./scripts.ts";

let github: GitHubEmulator;
let slack: SlackEmulator;
let world: World;

before(async () => {
  github = await startGitHub({ clock: systemClock });
  const repository = await github.createRepository("acme/api", {
    isPrivate: true,
    files: FAILING_TEST,
    collaborators: { alice: "write", rita: "read" },
  });
  const app = await github.createApp({ slug: "threadbox" });
  await app.install("acme", { repositories: ["acme/api"] });
  slack = await startSlack({ people: ["ada"], channels: [{ name: "web", members: ["ada"] }] });
  world = await startWorld({
    scripts: [writesTheReadme, fixesTheTest, takesForEver],
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
  await github.settled();
  await world.settled();
};
const oursOn = (number: number) =>
  github
    .issue("acme/api", number)
    .comments()
    .filter((comment) => comment.author === "threadbox[bot]");

describe("a label on an issue", () => {
  test("gets eyes, one comment that is edited, a pull request, and a new comment at the end", async () => {
    const issue = await github.as("alice").opensIssue("acme/api", { title: "the test fails", body: "please fix it" });
    await github.as("alice").labels("acme/api", issue.number, "threadbox");
    await everything();
    const [progress, answer, ...more] = oursOn(issue.number);
    assert.deepEqual(more, []);
    assert.ok((progress?.edits ?? 0) > 0);
    assert.match(answer?.body ?? "", /It adds now, and the test passes/);
    const [pull] = github.pulls("acme/api");
    assert.match(pull?.title ?? "", /the test fails/);
    assert.match(answer?.body ?? "", new RegExp(`/pull/${pull?.number}`));
    assert.match(progress?.body ?? "", /> asked: /);
  });

  test("gets a pull request as a maintainer writes it: what was done, how it was verified, who asked, and which issue it fixes", () => {
    const [pull] = github.pulls("acme/api");
    assert.match(
      (pull?.body ?? "").replace(/<!--.*?-->\n?/g, ""),
      /It adds now, and the test passes[\s\S]*How it was verified[\s\S]*`node --test` passed[\s\S]*Requested by \[@\u200balice\][\s\S]*Fixes #1\n/,
    );
  });

  test("gets a check on the commit that the bot pushed, with every step, which leads to the answer and blocks nothing", () => {
    const [run, ...others] = github.checkRuns("acme/api");
    assert.deepEqual(others, []);
    assert.deepEqual(
      [run?.name, run?.app, run?.conclusion, run?.headSha],
      ["threadbox", "threadbox", "neutral", github.pulls("acme/api")[0]?.headSha],
    );
    assert.match(run?.text ?? "", /It adds now, and the test passes[\s\S]*### Steps[\s\S]*✓ `node --test`/);
    assert.equal(run?.detailsUrl, oursOn(1).at(-1)?.htmlUrl);
  });
});

describe("a label on a pull request", () => {
  test("has the work done on that pull request's own branch", async () => {
    await github.as("alice").pushes("acme/api", "alices-branch", { "src/extra.js": "export const extra = 1;\n" });
    const draft = { title: "the test fails", head: "alices-branch", body: "I cannot find out why." };
    const { number } = await github.as("alice").opensPullRequest("acme/api", draft);
    const pulls = github.pulls("acme/api").length;
    await github.as("alice").labels("acme/api", number, "threadbox");
    await everything();
    assert.match(oursOn(number).at(-1)?.body ?? "", /It adds now, and the test passes/);
    const files = await github.files("acme/api", "alices-branch");
    assert.match(files["src/add.js"] ?? "", /a \+ b/);
    assert.equal(files["src/extra.js"], "export const extra = 1;\n");
    assert.equal(github.pulls("acme/api").length, pulls);
  });
});

describe("people who talk under what the agent works on", () => {
  test("change nothing of it; what they ask for without naming the bot waits, and `/threadbox stop` ends both", async () => {
    const issue = await github.as("alice").opensIssue("acme/api", { title: "a thought", body: "no hurry" });
    await github.as("alice").comments("acme/api", issue.number, "@threadbox take your time, the test fails");
    await world.until(async () => (await world.sessions.list(1))[0]?.turn?.phase.is === "running");
    const before = world.model.server.getRequests().length;
    await github.as("rita").comments("acme/api", issue.number, "I would rather see it removed.");
    await github.as("alice").comments("acme/api", issue.number, "@rita no, it is useful");
    const wish = await github.as("alice").comments("acme/api", issue.number, "the README could say so, too");
    await world.until(async () => (await world.sessions.list(1))[0]?.queue?.length === 1);
    assert.equal(world.model.server.getRequests().length, before);
    await github.as("alice").comments("acme/api", issue.number, "Enough of that.\n\n/threadbox stop");
    await everything();
    const said = oursOn(issue.number).map(({ body }) => body);
    assert.ok(said.some((body) => /Stopped by alice before it began: "the README could say so, too"/.test(body)));
    assert.match(said.at(-1) ?? "", /\*\*Stopped by alice/);
    const reactions = (id: number) =>
      github
        .issue("acme/api", issue.number)
        .comments()
        .find((one) => one.id === id)
        ?.reactions.map(({ content }) => content);
    assert.deepEqual(reactions(wish.id), ["eyes"]);
    const others = github
      .issue("acme/api", issue.number)
      .comments()
      .filter(({ body }) => /rather|@rita/.test(body));
    assert.deepEqual(
      others.flatMap(({ reactions }) => reactions),
      [],
    );
  });
});

describe("a session that began in Slack", () => {
  let thread: string;
  let pull: number;

  test("pushes its branch and opens a pull request", async () => {
    thread = slack.as("ada").says("#web", `<@${slack.app.botUserId}> the test fails, please fix it`).message.ts;
    await everything();
    pull = github.pulls("acme/api").at(-1)?.number ?? 0;
    const [answer, card] = slack.thread("#web", thread).replies().slice(-2);
    assert.match(answer?.seen ?? "", new RegExp(`/pull/${pull}`));
    assert.match(card?.seen ?? "", new RegExp(`acme/api#${pull}`));
  });

  test("goes on from a comment on that pull request, in the same session, with the same files and memory", async () => {
    const before = await world.sessions.list(10);
    await github.as("alice").comments("acme/api", pull, "@threadbox now say so in the README");
    await everything();
    assert.equal((await world.sessions.list(10)).length, before.length);
    assert.match(oursOn(pull).at(-1)?.body ?? "", /The README says so now/);
    const branch = github.pulls("acme/api").at(-1)?.head.split(":").at(-1) ?? "";
    assert.match((await github.files("acme/api", branch))["README.md"] ?? "", /Adds, and is tested/);
    assert.match(JSON.stringify(world.model.server.getRequests().at(-1)?.body), /the test fails, please fix it/);
  });

  test("tells of it in the pull request, and shows its check on the new commit, without the steps of what began in Slack", () => {
    const opened = github.pulls("acme/api").at(-1);
    assert.match(
      opened?.body ?? "",
      /\*\*Since then\*\*\n\n- \w{7} The README says so now[^\n]* \(asked for by alice\)\n/,
    );
    assert.match(opened?.body ?? "", /Requested by ada via Slack, \[@\u200balice\]/);
    const runs = github.checkRuns("acme/api").filter(({ headSha }) => headSha === opened?.headSha);
    assert.deepEqual(
      runs.map(({ conclusion }) => conclusion),
      ["neutral"],
    );
    assert.match(runs[0]?.text ?? "", /The README says so now[\s\S]*They are not shown here/);
  });

  test("and the Slack thread hears of it", () => {
    assert.match(
      slack.thread("#web", thread).replies().at(-1)?.seen ?? "",
      /alice asked .*README.*The README says so now/s,
    );
  });
});

describe("#43 #16 what was said in Slack", () => {
  test("stands nowhere on GitHub but as who asked, how it ended, and what the agent itself says", async () => {
    const { message } = slack.as("ada").says("#web", `<@${slack.app.botUserId}> bob is leaving us, and the test fails`);
    await everything();
    const opened = github.pulls("acme/api").at(-1);
    const pull = opened?.number ?? 0;
    assert.match(opened?.title ?? "", /add subtracted/);
    assert.match(opened?.body ?? "", /Requested by ada via Slack\. Comment here/);
    await github.as("alice").comments("acme/api", pull, "@threadbox now say so in the README");
    await everything();
    slack.as("ada").says("#web", "bob is gone; take your time", { thread: message });
    await world.until(async () => (await world.sessions.list(1))[0]?.turn?.phase.is === "running");
    await github.as("alice").comments("acme/api", pull, "@threadbox status");
    slack.as("ada").says("#web", "stop", { thread: message });
    await everything();
    const told = oursOn(pull).map(({ body }) => body);
    assert.ok(told.some((body) => body.includes("something that was asked elsewhere")));
    assert.match(told.at(-1) ?? "", /ada asked me something in Slack\. It was stopped/);
    const commits = await github.commits("acme/api", opened?.head.split(":").at(-1));
    const onGitHub = JSON.stringify([opened?.title, opened?.body, told, commits.map(({ message }) => message)]);
    // The name of the branch is what docs/slack.md says of it: four words.
    assert.doesNotMatch(onGitHub.replaceAll(/threadbox\/[\w-]+/g, ""), /bob|slack\.com/);
    assert.ok(commits.some(({ message }) => message.startsWith("Changes asked for in Slack")));
  });
});

describe("a mention that must not start anything", () => {
  test("of somebody who may only read is refused", async () => {
    const issue = await github.as("alice").opensIssue("acme/api", { title: "Question", body: "?" });
    const turns = world.model.server.getRequests().length;
    await github.as("rita").comments("acme/api", issue.number, "@threadbox the test fails");
    await everything();
    assert.equal(world.model.server.getRequests().length, turns);
    assert.ok(oursOn(issue.number).length <= 1);
  });
});

describe("a thread that somebody links to an issue", () => {
  test("has the session that is asked on that issue from then on, whichever had it before", async () => {
    const issue = await github.as("alice").opensIssue("acme/api", { title: "a question", body: "no order" });
    await github.as("alice").comments("acme/api", issue.number, "@threadbox status");
    await everything();
    const thread = slack.as("ada").says("#web", `<@${slack.app.botUserId}> status`).message.ts;
    await everything();
    const sessions = (await world.sessions.list(50)).length;
    slack.as("ada").says("#web", `link ${github.url}/acme/api/issues/${issue.number}`, { thread });
    await everything();
    const said = () =>
      slack
        .thread("#web", thread)
        .replies()
        .map(({ seen }) => seen ?? "");
    assert.match(said().at(-1) ?? "", new RegExp(`Linked: .*acme/api#${issue.number}`));
    await github.as("alice").comments("acme/api", issue.number, "@threadbox the test fails, please fix it");
    await everything();
    assert.equal((await world.sessions.list(50)).length, sessions);
    assert.match(said().at(-2) ?? "", /alice asked .*It adds now, and the test passes/s);
  });

  test("is told when it is none that is known here", async () => {
    const thread = slack.as("ada").says("#web", `<@${slack.app.botUserId}> link https://github.test/a/b/pull/1`)
      .message.ts;
    await everything();
    const [answer] = slack.thread("#web", thread).replies();
    assert.match(
      answer?.seen ?? "",
      /no pull request or issue on GitHub of a repository that I know. I know: `acme\/api`/,
    );
  });
});
