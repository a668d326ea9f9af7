import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { testBranch } from "../../src/cli/demo-repository.ts";
import { type SlackEmulator, startSlack } from "../emulators/slack.ts";
import { startWorld, type World } from "../world.ts";
import { fixesTheTest, takesForEver, writesTheReadme } from "./scripts.ts";

let slack: SlackEmulator;
let world: World;

before(async () => {
  slack = await startSlack({
    people: ["ada", "grace", { name: "gus", kind: "guest" }],
    channels: [{ name: "web", members: ["ada", "grace", "gus"] }],
  });
  world = await startWorld({
    scripts: [fixesTheTest, writesTheReadme, takesForEver],
    variables: {
      SLACK_BOT_TOKEN: slack.app.botToken,
      SLACK_SIGNING_SECRET: slack.app.signingSecret,
      SLACK_API_URL: slack.apiUrl,
    },
  });
  slack.deliverTo(`${world.url}/slack/events`);
  assert.equal(await slack.verifyRequestUrl(), true);
});

after(async () => {
  await world.stop();
  await slack.close();
});

const bot = () => `<@${slack.app.botUserId}>`;
/** What our bot said in a thread, without the people's words. */
const ours = (ts: string) =>
  slack
    .thread("#web", ts)
    .messages()
    .filter((message) => message.author === slack.app.botUserId || message.message.author === slack.app.botUserId);
const everything = async (): Promise<void> => {
  await slack.settled();
  await world.settled();
};

describe("somebody mentions the bot in a channel", () => {
  let root: string;

  test("and the thread gets one progress message, one answer, and the branch", async () => {
    const { message, delivered } = slack.as("ada").says("#web", `${bot()} the test fails, please fix it`);
    root = message.ts;
    assert.deepEqual(
      (await delivered).map((delivery) => delivery.attempts.map((attempt) => attempt.status)),
      [[200], [200]],
    );
    await everything();
    const [progress, answer, ...more] = ours(root);
    assert.deepEqual(more, []);
    assert.match(progress?.seen ?? "", /Done/);
    assert.ok((progress?.edits ?? 0) > 0);
    assert.match(answer?.seen ?? "", /It adds now, and the test passes/);
    assert.equal(answer?.edits, 0);
    const branch = /threadbox\/test-fails-fix-\w+/.exec(answer?.seen ?? "")?.[0];
    assert.ok(branch);
    assert.equal((await testBranch(world.remote.url, branch)).passed, true);
  });

  test("and their message is marked as seen", () => {
    assert.deepEqual(
      slack
        .thread("#web", root)
        .messages()[0]
        ?.reactions.map((reaction) => reaction.name),
      ["eyes"],
    );
  });

  test("and a reply without a mention goes on with the same files and the agent's memory", async () => {
    slack.as("grace").says("#web", "now say so in the README", { thread: root });
    await everything();
    assert.match(ours(root).at(-1)?.seen ?? "", /The README says so now/);
    const asked = world.model.server.getRequests().at(-1)?.body;
    assert.match(JSON.stringify(asked), /the test fails, please fix it/);
  });

  test("and everything that was said there belongs to one session", async () => {
    assert.equal((await world.sessions.list(10)).length, 1);
  });
});

describe("stop", () => {
  test("ends the turn within moments, says who stopped it, and the thread goes on being usable", async () => {
    const { message } = slack.as("ada").says("#web", `${bot()} take your time`);
    await slack.until(() => /sleep 600/.test(ours(message.ts)[0]?.seen ?? ""), "the progress shows the tool");
    slack.as("grace").says("#web", "stop", { thread: message.ts });
    await everything();
    assert.match(ours(message.ts).at(-1)?.seen ?? "", /[Ss]topped by .*grace/);
    slack.as("ada").says("#web", "the test fails, please fix it", { thread: message.ts });
    await everything();
    assert.match(ours(message.ts).at(-1)?.seen ?? "", /It adds now/);
  });

  test("works by the button of the progress message", async () => {
    const { message } = slack.as("ada").says("#web", `${bot()} take your time`);
    await slack.until(() => /sleep 600/.test(ours(message.ts)[0]?.seen ?? ""), "the progress shows the tool");
    slack.as("ada").presses(ours(message.ts)[0]?.message ?? message, "threadbox_stop");
    await everything();
    assert.match(ours(message.ts).at(-1)?.seen ?? "", /[Ss]topped by .*ada/);
  });
});

describe("a mention that must not start anything", () => {
  test("of a guest is refused, and only they see it", async () => {
    const { message } = slack.as("gus").says("#web", `${bot()} the test fails`);
    await everything();
    assert.deepEqual(ours(message.ts), []);
    assert.equal(slack.ephemerals("gus").length, 1);
  });
  test("without words gets the short help", async () => {
    const { message } = slack.as("ada").says("#web", bot());
    await everything();
    assert.match(ours(message.ts)[0]?.seen ?? "", /Tell me what to do/);
  });
  test("that nobody addressed to us is ignored", async () => {
    const { message } = slack.as("ada").says("#web", "the test fails again");
    await everything();
    assert.deepEqual(ours(message.ts), []);
  });
});

test("a direct message needs no mention", async () => {
  const { message } = slack.as("ada").says("dm", "the test fails, please fix it");
  await everything();
  assert.match(slack.thread(message.channel, message.ts).replies().at(-1)?.seen ?? "", /It adds now/);
});

test("nobody was pinged who did not ask", () => assert.deepEqual(slack.broadcasts(), []));
