/** Who asks in Slack for work on GitHub says once who they are there, and may do through the bot what they may do themselves. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { Script } from "../../src/cli/scripted-model.ts";
import { systemClock } from "../../src/clock.ts";
import { type GitHubEmulator, startGitHub } from "../emulators/github.ts";
import { type SlackEmulator, startSlack } from "../emulators/slack.ts";
import { freePort } from "../free-port.ts";
import { startWorld, type World } from "../world.ts";
import { type PlainBrowser, plainBrowser } from "./plain-browser.ts";
import { FAILING_TEST, fixesTheTest } from "./scripts.ts";

/** Long enough for somebody to lose their rights meanwhile. */
const worksALittle: Script = {
  when: /take a moment/,
  steps: [
    { says: "A moment.", calls: [{ tool: "bash", with: { command: "echo late > late.txt; sleep 5" } }] },
    { says: "That took a moment." },
  ],
};
const answersFast: Script = { when: /in the morning/, steps: [{ says: "Good day." }] };

let github: GitHubEmulator;
let slack: SlackEmulator;
let world: World;
let ids: Record<string, number>;
const logins: Record<string, string> = { ada: "ada-lovelace", bob: "bob-reads", carl: "carl-leaves", dora: "dora" };

before(async () => {
  github = await startGitHub({ clock: systemClock });
  ids = Object.fromEntries(Object.values(logins).map((login) => [login, github.createUser(login).id]));
  const collaborators = {
    "ada-lovelace": "write",
    "bob-reads": "read",
    "carl-leaves": "write",
    dora: "maintain",
  } as const;
  const repository = await github.createRepository("acme/api", { isPrivate: true, files: FAILING_TEST, collaborators });
  const port = await freePort();
  const publicUrl = `http://127.0.0.1:${port}`;
  const app = await github.createApp({ slug: "threadbox", callbackUrl: `${publicUrl}/connect/github/callback` });
  await app.install("acme", { repositories: ["acme/api"] });
  const people = Object.keys(logins);
  slack = await startSlack({ people, channels: [{ name: "web", members: people }] });
  world = await startWorld({
    scripts: [worksALittle, answersFast, fixesTheTest],
    repositories: [{ id: repository.cloneUrl, name: "acme/api", url: repository.cloneUrl, base: "" }],
    port,
    variables: {
      PUBLIC_URL: publicUrl,
      ...slack.environment,
      ...app.environment,
      GITHUB_CLIENT_ID: app.clientId,
      GITHUB_CLIENT_SECRET: app.clientSecret,
    },
  });
  slack.deliverTo(`${world.url}/slack/events`);
});

after(async () => {
  await world.stop();
  await slack.close();
  await github.close();
});

const everything = async (): Promise<void> => {
  await slack.settled();
  await world.settled();
  await github.settled();
};
/** Gives back the ts that names the thread. */
const asks = (who: string, text: string, thread?: string): string =>
  slack.as(who).says("#web", `<@${slack.app.botUserId}> ${text}`, thread ? { thread } : {}).message.ts;
const ours = (ts: string): string[] =>
  slack
    .thread("#web", ts)
    .messages()
    .filter(({ message }) => message.author === slack.app.botUserId)
    .map(({ seen }) => seen);
const alone = (who: string): string => {
  const last = slack.ephemerals(who).at(-1);
  return last ? slack.seen(last) : "";
};
/** The address under the button that only they see. */
function linkOf(who: string): string {
  const [url] = JSON.stringify(slack.ephemerals(who).at(-1)?.blocks).match(/http[^"]*\/connect\/github\?t=[^"]*/) ?? [];
  assert.ok(url, `there is no button for ${who}`);
  return url;
}
const browserOf = (login: string): PlainBrowser => plainBrowser({ [github.url]: github.signedIn(login) });
const linked = () => world.bot.store.db.selectFrom("identities").select(["person", "login"]).execute();

/** From the link to the page that asks a last time. */
async function comesBack(browser: PlainBrowser, link: string) {
  const first = await browser.presses(await browser.goes(link));
  return first.url.startsWith(github.url) ? browser.presses(first) : first;
}
async function connects(who: string): Promise<void> {
  const browser = browserOf(logins[who] ?? who);
  const done = await browser.presses(await comesBack(browser, linkOf(who)));
  assert.match(done.text, /<h1>Connected<\/h1>/);
}

describe("#23 Ada, whom nobody knows on GitHub,", () => {
  let thread: string;
  const browser = { is: plainBrowser() };

  test("is asked alone to connect, and what she said is kept", async () => {
    thread = asks("ada", "the test fails, please fix it");
    await everything();
    assert.deepEqual(ours(thread), []);
    assert.match(
      alone("ada"),
      /To work on `acme\/api` for you I have to know who you are on GitHub.*I keep what you asked/s,
    );
    assert.match(alone("ada"), /\[Connect GitHub\]/);
    assert.equal(world.model.server.getRequests().length, 0);
  });

  test("reads for whom it is, before and after GitHub", async () => {
    browser.is = browserOf("ada-lovelace");
    const first = await browser.is.goes(linkOf("ada"));
    const { id } = slack.person("ada");
    const whose = `<code>${id}</code> is the Slack user of workspace ${slack.team.id} who goes by the name “ada”`;
    assert.match(first.text, new RegExp(whose));
    const { headers } = first;
    assert.deepEqual(
      [headers.get("cache-control"), headers.get("referrer-policy"), headers.get("x-frame-options")],
      ["no-store", "no-referrer", "DENY"],
    );
    assert.match(headers.get("content-security-policy") ?? "", /frame-ancestors 'none'/);
    const last = await comesBack(browser.is, linkOf("ada"));
    assert.match(last.text, /<h1>Connect GitHub @ada-lovelace to this Slack user\?/);
    assert.match(last.text, new RegExp(whose));
    assert.deepEqual(await linked(), []);
    const done = await browser.is.presses(last);
    assert.match(done.text, new RegExp(`@ada-lovelace is connected to ${id}, the Slack user “ada”`));
  });

  test("need not ask again: her turn begins, and its commits carry her", async () => {
    await everything();
    assert.match(ours(thread).at(-2) ?? "", /It adds now, and the test passes/);
    const [pull] = github.pulls("acme/api");
    const branch = pull?.head.split(":").at(-1) ?? "";
    const [commit] = (await github.commits("acme/api", branch)).filter(({ message }) => /Co-authored-by/.test(message));
    const ada = ids["ada-lovelace"];
    assert.match(
      commit?.message ?? "",
      new RegExp(`Co-authored-by: ada-lovelace <${ada}\\+ada-lovelace@users\\.noreply\\.`),
    );
  });

  test("leaves no token behind", () => assert.equal(github.userTokens(), 0));

  test("asks for more in the thread, and nobody asks who she is", async () => {
    const before = slack.ephemerals("ada").length;
    asks("ada", "good luck in the morning", thread);
    await everything();
    assert.match(ours(thread).at(-1) ?? "", /Good day/);
    assert.equal(slack.ephemerals("ada").length, before);
  });
});

describe("#23 a link", () => {
  const before = linked;

  test("that was used is over, also for whoever had it open", async () => {
    const browser = browserOf("ada-lovelace");
    const page = await browser.goes(linkOf("ada"));
    assert.deepEqual([page.status, /This link is over/.test(page.text)], [400, true]);
  });

  test("that is sent to somebody else tells them whose it is, and does nothing until they say that it is them", async () => {
    const known = await before();
    asks("dora", "the test fails");
    await everything();
    const victim = browserOf("ada-lovelace");
    const first = await victim.goes(linkOf("dora"));
    const whose = /who goes by the name “dora”[\s\S]*If you did not ask for this page in Slack just now, close it/;
    assert.match(first.text, whose);
    const last = await comesBack(victim, linkOf("dora"));
    assert.match(last.text, /Connect GitHub @ada-lovelace to this Slack user/);
    assert.match(last.text, whose);
    assert.deepEqual(await linked(), known);
  });

  test("does nothing with another state, in another browser, or with a confirmation that was not given there", async () => {
    const known = await before();
    const mine = browserOf("dora");
    const atGitHub = await mine.presses(await mine.goes(linkOf("dora")));
    const forged = await mine.presses(atGitHub, { state: "forged" });
    assert.match(forged.text, /This did not begin here/);
    const other = browserOf("dora");
    const page = await other.presses(await other.goes(linkOf("dora")));
    assert.match(page.text, /Connect GitHub @dora to/);
    const elsewhere = await plainBrowser().goes(page.url);
    assert.match(elsewhere.text, /This did not begin here/);
    const confirmed = await other.presses(page, { confirms: "forged" });
    assert.match(confirmed.text, /This did not begin here/);
    const foreign = await fetch(`${world.url}/connect/github/confirm`, {
      method: "POST",
      headers: { "sec-fetch-site": "cross-site" },
      body: new URLSearchParams({ confirms: "x" }),
    });
    assert.equal(foreign.status, 403);
    assert.deepEqual(await linked(), known);
  });

  test("that was made up, or answers under another name, does nothing", async () => {
    const [base = ""] = linkOf("dora").split("?");
    assert.equal((await plainBrowser().goes(`${base}?t=eyJhbGciOiJkaXIifQ..a.b.c`)).status, 400);
    assert.equal((await plainBrowser().goes(base)).status, 400);
    const localhost = linkOf("dora").replace("127.0.0.1", "localhost");
    assert.equal((await plainBrowser().goes(localhost)).status, 403);
  });

  test("is confirmed once, however many browsers have it open", async () => {
    const [one, other] = [browserOf("dora"), browserOf("dora")];
    const pages = [await comesBack(one, linkOf("dora")), await comesBack(other, linkOf("dora"))];
    assert.ok(pages[0] && pages[1]);
    assert.match((await one.presses(pages[0])).text, /Connected/);
    assert.match((await other.presses(pages[1])).text, /This link is over/);
    await everything();
  });
});

describe("#23 what is said before somebody is connected", () => {
  test("and needs no work is answered at once", async () => {
    const thread = asks("carl", "status");
    await everything();
    assert.match(ours(thread).at(-1) ?? "", /Nothing is running/);
  });

  test("goes with a stop", async () => {
    const thread = asks("carl", "the test fails, please fix it");
    await everything();
    asks("ada", "stop", thread);
    await everything();
    assert.match(ours(thread).join("\n"), /Stopped by ada before it began: "the test fails, please fix it"/);
    const turns = world.model.server.getRequests().length;
    await connects("carl");
    await everything();
    assert.equal(world.model.server.getRequests().length, turns);
  });
});

describe("#24 Bob, who may only read,", () => {
  test("is told alone what is missing and who can give it, and can connect another account", async () => {
    const thread = asks("bob", "the test fails, please fix it");
    await everything();
    await connects("bob");
    await everything();
    assert.match(
      alone("bob"),
      /@bob-reads may not write to `acme\/api`\. An admin of that repository can give you write access/,
    );
    assert.match(alone("bob"), /\[Connect another account\]/);
    assert.deepEqual(ours(thread), []);
  });

  test("who took the name of somebody who may write is still Bob", async () => {
    github.renameUser("dora", "dora-married");
    github.renameUser("bob-reads", "dora");
    const thread = asks("bob", "the test fails, please fix it");
    await everything();
    assert.match(alone("bob"), /You are @dora on GitHub, and @dora may not write/);
    assert.deepEqual(ours(thread), []);
    asks("dora", "good luck in the morning", thread);
    await everything();
    assert.match(ours(thread).at(-1) ?? "", /Good day/);
  });
});

test("#24 Carl, who may not write any more when his turn is done, gets nothing pushed and is told why", async () => {
  const thread = asks("carl", "take a moment");
  await world.until(async () => (await world.sessions.list(1))[0]?.turn?.phase.is === "running");
  github.collaborator("acme/api", "carl-leaves", "read");
  const branches = Object.keys(await github.branches("acme/api"));
  await everything();
  assert.deepEqual(Object.keys(await github.branches("acme/api")), branches);
  assert.match(
    ours(thread).at(-1) ?? "",
    /carl \(@carl-leaves on GitHub\) may not write to `acme\/api`\. So I pushed nothing\..*committed in the sandbox/s,
  );
});
